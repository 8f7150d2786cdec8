"""The commits of a range, for every command that takes one."""

from __future__ import annotations

from patcher.errors import InputError
from patcher.tree.gitrepo import Repository
from patcher.tree.objects import Commit

_ADVICE = "give a range, such as v6.12..HEAD"


def commits(repository: Repository, asked: str, *, linear: bool = True) -> tuple[Commit, ...]:
    """The commits of a range, oldest first.

    Arguments:
        asked: ``A..B``; ``A`` alone stands for ``A..HEAD``, ``A^!`` for A and nothing else
        linear: along first parents, so that each commit stands on the one before and a merge counts as one; otherwise
            every commit but the merges, those that a merge brought included

    Raises InputError where it is no range, a revision does not exist, or nothing lies between.
    """
    first, last = _ends(repository, asked)
    shown = f"{first}..{last}" if first else f"{last}^!"
    which = ("--first-parent",) if linear else ("--topo-order", "--no-merges")
    ids = repository.run("rev-list", *which, "--reverse", shown, "--").decode().split()
    found = tuple(map(repository.commit_of, repository.objects.find(ids)))
    if not found:
        meant = asked if not first or ".." in asked else f"{asked}..HEAD"
        advice = "give a range A..B in which B follows A"
        raise InputError(f"{repository.where}: there is no commit in {meant!r}", advice)
    return found


def _ends(repository: Repository, asked: str) -> tuple[str, str]:
    """The ids of what a range leaves out ("" for the parents of one commit alone) and of what it leads to."""
    alone = asked.endswith("^!")
    if "..." in asked:
        raise InputError(f"{asked!r} is a symmetric difference", "give a range A..B")
    if not asked.strip(".") or asked.startswith("-") or (alone and ".." in asked) or asked.count("..") > 1:
        raise InputError(f"{asked!r} is no range", _ADVICE)
    if alone:
        return "", repository.resolve(asked.removesuffix("^!"))
    first, _, last = asked.partition("..")
    return repository.resolve(first or "HEAD"), repository.resolve(last or "HEAD")


def base_of(repository: Repository, series: tuple[Commit, ...]) -> Commit:
    """What the first commit of a series stands on. Raises InputError where that is nothing."""
    first = series[0]
    if not first.parent:
        more = "; the clone is shallow, 'git fetch --unshallow' brings the rest" if repository.shallow else ""
        advice = f"give a range that begins after it{more}"
        raise InputError(f"{repository.where}: {first.id[:12]} has no parent", advice)
    return repository.commit(first.parent)


def ends(repository: Repository, asked: str) -> tuple[str, str]:
    """The revision a range is based on, and the one whose tree has all of it. With merges in it, these need not be the
    first commit's parent and the last commit.

    The base is the newest commit that both ends of the range have in common; where there is none, the parent of the one
    commit, which may not exist, or "". Raises InputError where it is no range.
    """
    first, last = _ends(repository, asked)
    if not first:
        return f"{last}^", last
    return repository.run("merge-base", first, last, empty_is=1).decode().strip(), last


def upstream(repository: Repository) -> str:
    """The range ``upstream..HEAD``. Raises InputError where the branch follows none."""
    try:
        found = repository.run("rev-parse", "--verify", "--quiet", "@{upstream}", empty_is=1).decode().strip()
    except InputError:
        found = ""
    if not found:
        raise InputError(f"{repository.where}: the branch has no upstream to compare with", _ADVICE)
    return f"{found}..HEAD"
