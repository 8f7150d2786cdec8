"""``patcher prove``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher.cli.common import CLEAN, FOUND, WRONG, deliver, on_tree, open_place, plain, style
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.prove.verdict import CommitProof
    from patcher.tree.kernel import KernelTree

ARCHS = {"both": ("x86_64", "i386"), "x86_64": ("x86_64",), "i386": ("i386",)}


@click.command()
@on_tree
@click.option("--range", "span", metavar="A..B", help="Prove every commit of a range, and what it starts from.")
@click.option("--arch", type=click.Choice(list(ARCHS)), default="both", show_default=True)
@click.option("--examples", type=click.IntRange(1, 100_000), default=100, show_default=True,
              help="Cases to try for each property.")  # fmt: skip
@click.option(
    "--seed",
    type=click.IntRange(-(2**63), 2**63 - 1),
    default=0,
    show_default=True,
    help="The same seed tries the same cases.",
)
@click.option("--property", "only", metavar="ID", multiple=True, help="Only this property (an id, or its number).")
@click.option(
    "--require", metavar="ID", multiple=True, help="Count it as a failure if this one (or 'all') is not PASS."
)
@click.option("--e820", "maps", metavar="FILE", multiple=True, type=click.Path(path_type=Path),
              help="A real memory map (dmesg) to try beside the random ones.")  # fmt: skip
@click.option("--replay", metavar="FILE", type=click.Path(path_type=Path), help="Play a stored scenario again.")
@click.option("--keep", metavar="DIR", type=click.Path(path_type=Path), help="Store the program and failing scenarios.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write there instead.")
@click.option("-q", "--quiet", is_flag=True, help="Say less.")
@click.option("-v", "--verbose", is_flag=True, help="Show the evidence, and lists in full.")
def prove(
    place: Path, rev: str | None, worktree: bool, span: str | None, arch: str, examples: int, seed: int,
    only: tuple[str, ...], require: tuple[str, ...], maps: tuple[Path, ...], replay: Path | None, keep: Path | None,
    form: str, output: Path | None, quiet: bool, verbose: bool,
) -> int:  # fmt: skip
    """Run the tree's own P2M code against the identity scheme.

    Compiles the files that hold the P2M for user space, unchanged, and plays machines and updates on them, for 64 and
    32 bits. Exit code 1 means that a property does not hold, or that one of --require is not shown to hold.
    """
    from patcher.cache import Cache
    from patcher.prove.prove import Request, choose, prove_commits
    from patcher.prove.replay import replay_file
    from patcher.prove.store import keep_all
    from patcher.report.progress import Bar, wanted

    if span and (rev is not None or worktree):
        raise InputError("--range and --rev or --worktree contradict each other", "give one of them")
    choose(only, require)
    cache = Cache()
    bar = Bar() if wanted(quiet) else None
    try:
        if replay:
            from patcher.report.prove_text import replay_text

            result = replay_file(open_place(place, rev, worktree), replay, cache)
            deliver(replay_text(result, style() if output is None else plain), output)
            return FOUND if result.still_wrong else CLEAN
        request = Request(ARCHS[arch], examples, seed, only, tuple(_map(file) for file in maps))
        trees = _trees(place, rev, worktree, span)
        commits = prove_commits(trees, request, cache, bar)
        if keep:
            keep_all(keep, commits, dict(trees), request, cache)
    finally:
        cache.close()
        if bar:
            bar.close()
    if form == "json":
        from patcher.about import tool
        from patcher.report.prove_json import prove_json

        deliver(prove_json(commits, tool()), output)
    else:
        from patcher.report.prove_text import prove_text

        deliver(prove_text(commits, style() if output is None else plain, verbose=verbose, quiet=quiet), output)
    return _code(commits, require, bool(span))


def _trees(place: Path, rev: str | None, worktree: bool, span: str | None) -> list[tuple[str, KernelTree]]:
    """What to prove: (subject, tree), the oldest first."""
    if span is None:
        tree = open_place(place, rev, worktree)
        return [(rev or ("the worktree" if worktree else ""), tree)]
    from patcher.tree.find import open_repository
    from patcher.tree.gitrepo import GitTree
    from patcher.tree.revisions import base_of, commits

    repository = open_repository(place)
    found = commits(repository, span)
    return [(each.subject, GitTree(repository, each.id)) for each in (base_of(repository, found), *found)]


def _map(file: Path) -> tuple[tuple[int, int, int], ...]:
    from patcher.prove.e820 import read

    return read(file)


def _code(commits: tuple[CommitProof, ...], require: tuple[str, ...], span: bool) -> int:
    """FOUND where a property fails, or a required one does not pass. In a range the first commit is what it starts
    from: what fails from there on without a break is not the range's fault; what is required must pass at its end.
    WRONG where nothing could be run: that is no clean result."""
    from patcher.prove.blame import blame, failing
    from patcher.prove.verdict import Status, required

    if all(proof.error for proof in commits[-1].proofs):
        return WRONG
    guilty = any(each.guilty for each in blame(commits[0], commits[1:])) if span else failing(commits[0])
    for proof in commits[-1].proofs:
        if any(required(verdict, require) and verdict.status is not Status.PASS for verdict in proof.verdicts):
            return FOUND
    return FOUND if guilty else CLEAN
