"""The commits of a range, for every command that takes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from patcher.errors import InputError
from patcher.tree.gitrepo import Repository

_FORMAT = "--format=%H%n%P%n%T%n%s"
_ADVICE = "give a range, such as v6.12..HEAD"


class Commit(NamedTuple):
    """A commit: its full id, that of its first parent ("" where it has none), that of its tree, and its subject."""

    id: str
    parent: str
    tree: str
    subject: str


def commits(repository: Repository, asked: str, *, linear: bool = True) -> tuple[Commit, ...]:
    """The commits of a range, oldest first.

    Arguments:
        asked: ``A..B``; ``A`` alone stands for ``A..HEAD``, ``A^!`` for A and nothing else
        linear: along first parents, so that each commit stands on the one before and a merge counts as one; otherwise
            every commit but the merges, those that a merge brought included

    Raises InputError where it is no range, a revision does not exist, or nothing lies between.
    """
    where = repository.worktree or repository.directory
    alone = asked.endswith("^!")
    if "..." in asked:
        raise InputError(f"{asked!r} is a symmetric difference", "give a range A..B")
    if not asked.strip(".") or asked.startswith("-") or (alone and ".." in asked) or asked.count("..") > 1:
        raise InputError(f"{asked!r} is no range", _ADVICE)
    if alone:
        shown = f"{repository.resolve(asked.removesuffix('^!'))}^!"
    else:
        first, _, last = asked.partition("..")
        shown = f"{repository.resolve(first or 'HEAD')}..{repository.resolve(last or 'HEAD')}"
    which = ("--first-parent",) if linear else ("--topo-order", "--no-merges")
    listing = repository.run("log", *which, "--reverse", "--no-show-signature", "-z", _FORMAT, shown, "--")
    found = tuple(_commit(record) for record in listing.decode("utf-8", "replace").split("\0") if record.strip())
    if not found:
        meant = asked if alone or ".." in asked else f"{asked}..HEAD"
        raise InputError(f"{where}: there is no commit in {meant!r}", "give a range A..B in which B follows A")
    return found


def base_of(repository: Repository, series: tuple[Commit, ...]) -> Commit:
    """What the first commit of a series stands on. Raises InputError where that is nothing."""
    first = series[0]
    if not first.parent:
        where = repository.worktree or repository.directory
        more = "; the clone is shallow, 'git fetch --unshallow' brings the rest" if repository.shallow else ""
        raise InputError(f"{where}: {first.id[:12]} has no parent", f"give a range that begins after it{more}")
    return one(repository, first.parent)


def ends(repository: Repository, range_: str, commits: Sequence[str]) -> tuple[str, str]:
    """The revision a range is based on, and the one whose tree has all of it. ``commits`` are the ids of those of the
    range, the oldest first, without merges: because of these the ends need not be the first's parent and the last.

    The base is the newest commit that both ends of the range have in common (it may not exist, where the first commit
    has no parent). Raises InputError where git cannot read the range.
    """
    first, last = f"{commits[0]}^", commits[-1]
    shown = range_ if any(mark in range_ for mark in ("..", "^!", "^@")) else f"{range_}..HEAD"
    named = repository.run("rev-parse", "--revs-only", shown, "--").decode().split()
    left_out = [name.removeprefix("^") for name in named if name.startswith("^")]
    tips = [name for name in named if not name.startswith("^")]
    if len(tips) != 1:
        return first, last
    tip = tips[0]
    if len(left_out) != 1:
        return first, tip
    base = repository.run("merge-base", left_out[0], tip, empty_is=1).decode().strip()
    return base or first, tip


def one(repository: Repository, revision: str) -> Commit:
    """One commit. Raises InputError where there is none of that name."""
    commit = repository.resolve(revision)
    return _commit(repository.run("log", "-1", "--no-show-signature", _FORMAT, commit, "--").decode("utf-8", "replace"))


def upstream(repository: Repository) -> str:
    """The range ``upstream..HEAD``. Raises InputError where the branch follows none."""
    try:
        found = repository.run("rev-parse", "--verify", "--quiet", "@{upstream}", empty_is=1).decode().strip()
    except InputError:
        found = ""
    if not found:
        where = repository.worktree or repository.directory
        raise InputError(f"{where}: the branch has no upstream to compare with", _ADVICE)
    return f"{found}..HEAD"


def _commit(record: str) -> Commit:
    name, parents, tree, subject = record.lstrip("\n").split("\n", 3)
    return Commit(name, (parents.split() or [""])[0], tree, subject.strip())
