"""What ``patcher prove`` and ``patcher p2m`` do, from what the user named to what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.prove import selfcheck, toolchain
from patcher.prove.blame import blame, failing
from patcher.prove.build import ARCHS, build
from patcher.prove.draw import draw
from patcher.prove.picture import Ended, Picture
from patcher.prove.prove import Progress, Prover, Request
from patcher.prove.run import RunError
from patcher.prove.scenario import Region
from patcher.prove.store import keep_all
from patcher.prove.verdict import CommitProof, Status, required
from patcher.tree.find import open_repository, open_tree
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import KernelTree
from patcher.tree.revisions import base_of, commits
from patcher.tree.subtree import kernel_of
from patcher.units import Elsewhere


def trees(
    tree: Path, rev: str | None, span: str | None, *, worktree: bool, subdir: str | None = None
) -> list[tuple[str, KernelTree]]:  # fmt: skip
    """What to prove, as (subject, tree), the oldest first: the base and the commits of a range, or one tree. ``subdir``
    as in ``kernel_of``."""
    if span is None:
        found = kernel_of(open_tree(tree, rev, worktree=worktree), subdir)
        return [(rev or ("the worktree" if worktree else ""), found)]
    repository = open_repository(tree)
    between = commits(repository, span)
    return [
        (each.subject, kernel_of(GitTree(repository, each.id), subdir))
        for each in (base_of(repository, between), *between)
    ]


def prove(
    trees: Sequence[tuple[str, KernelTree]], request: Request, keep: Path | None, cache: Cache,
    progress: Progress | None = None, elsewhere: Elsewhere | None = None,
) -> tuple[CommitProof, ...]:  # fmt: skip
    """The proofs of trees; programs and failing scenarios are kept in a directory where one is named. ``elsewhere``:
    who plays them, if not this machine."""
    prover = Prover(request, cache, progress)
    prover.ahead([tree for _, tree in trees], elsewhere)
    proofs = tuple(prover.commit(tree, subject) for subject, tree in trees)
    if keep:
        keep_all(keep, proofs, dict(trees), request, cache)
    return proofs


def nothing_ran(proofs: Sequence[CommitProof]) -> bool:
    """Whether nothing could be run of the last commit."""
    return all(proof.error for proof in proofs[-1].proofs)


def found(proofs: Sequence[CommitProof], require: tuple[str, ...]) -> bool:
    """Whether a property fails, was to be tried and was not, or is required and does not pass.

    Of several commits the first is what a range starts from: what fails from there on without a break is not the
    range's fault; what is required must pass at its end.
    """
    base, *commits = proofs
    if any(verdict.status is Status.ERROR for each in proofs for proof in each.proofs for verdict in proof.verdicts):
        return True
    last = (verdict for proof in proofs[-1].proofs for verdict in proof.verdicts)
    if any(required(verdict, require) and verdict.status is not Status.PASS for verdict in last):
        return True
    return any(each.guilty for each in blame(base, commits)) if commits else bool(failing(base))


def picture(
    tree: KernelTree, arch: str, regions: tuple[Region, ...], nr_pages: int | None, cache: Cache, *, initial: bool
) -> Picture | Ended:
    """The P2M that a tree's code builds at boot, or how that ended. Raises InputError where it cannot be run."""
    if why := toolchain.missing(ARCHS[arch]):
        raise InputError(f"nothing can be drawn for {arch}", why)
    try:
        selfcheck.check(arch, cache)
        return draw(build(tree, arch, cache), arch, regions, nr_pages, initial)
    except toolchain.CompilerError as error:
        raise InputError(f"the code of {tree.where} does not compile", str(error)) from error
    except RunError as error:
        raise InputError(f"the code of {tree.where} cannot be run", str(error)) from error
