"""The commits of a range, for every command that takes one, written as git log and git format-patch have it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from patcher.errors import InputError
from patcher.tree.gitrepo import Repository
from patcher.tree.objects import Commit

_ADVICE = "give a range, such as v6.12..HEAD"
_COUNT = re.compile(r"-(\d+)(?:\s+(\S.*))?", re.DOTALL)
_PARENT = re.compile(r"(.+)\^-(\d{0,3})", re.DOTALL)
_LINEAR, _ALL = ("--first-parent",), ("--topo-order", "--no-merges")
_MOST = 10**6  # commits that -N may stand for


class _Span(NamedTuple):
    """Ids of what a range leaves out and of what it leads to. ``first`` is "" for the ``last`` commit alone, or, with
    a count, for no bound; the ``newest`` so many are meant, all if 0."""

    first: str
    last: str
    newest: int = 0


def is_range(asked: str) -> bool:
    """Whether words have the form of a range, while they could else name one commit or a branch."""
    return ".." in asked or asked.endswith("^!") or bool(_PARENT.fullmatch(asked) or _COUNT.fullmatch(asked))


def commits(repository: Repository, asked: str, *, linear: bool = True) -> tuple[Commit, ...]:
    """The commits of a range, oldest first.

    Arguments:
        asked: ``A..B``; ``A`` alone stands for ``A..HEAD``, ``A^!`` for A and nothing else, ``A^-`` for A and what it
            merged; ``A...B`` for what one of them has, if only one has something; ``-3`` for the last three of HEAD,
            ``-3 A`` and ``-3 A..B`` for those of A and of a range
        linear: along first parents, so that each commit stands on the one before and a merge counts as one; otherwise
            every commit but the merges, those that a merge brought included

    Raises InputError where it is no range, a revision does not exist, or nothing lies between.
    """
    span = _span(repository, asked)
    found = tuple(
        map(repository.commit_of, repository.objects.find(_listed(repository, span, *(_LINEAR if linear else _ALL))))
    )
    if not found:
        meant = asked if not span.first or is_range(asked) else f"{asked}..HEAD"
        advice = "give a range A..B in which B follows A"
        raise InputError(f"{repository.where}: there is no commit in {meant!r}", advice)
    return found


def touching(repository: Repository, asked: str, paths: Sequence[str]) -> tuple[Commit, ...]:
    """A, and the commits of ``A..B`` that touch what git's pathspecs name, merges included as git log has them; oldest
    first. Of other ranges (see ``commits``) there is no A.

    Raises InputError where it is no range, a revision does not exist, or none of its commits touches the paths.
    """
    span = _span(repository, asked)
    found = _listed(repository, span, "--topo-order", paths=paths)
    if not found:
        raise InputError(
            f"{repository.where}: no commit of {asked!r} touches {' or '.join(paths) or 'a file'}",
            "give a range A..B in which B follows A, or other paths",
        )
    first = [span.first] if span.first and not span.newest else []
    return tuple(map(repository.commit_of, repository.objects.find([*first, *found])))


def _listed(repository: Repository, span: _Span, *which: str, paths: Sequence[str] = ()) -> list[str]:
    shown = f"{span.first}..{span.last}" if span.first else span.last if span.newest else f"{span.last}^!"
    most = (f"--max-count={span.newest}",) if span.newest else ()
    return repository.run("rev-list", *which, *most, "--reverse", shown, "--", *paths).decode().split()


def _span(repository: Repository, asked: str) -> _Span:
    """What a range means. Raises InputError where it is none, or a revision does not exist."""
    if not (counted := _COUNT.fullmatch(asked)):
        return _bounds(repository, asked)
    count, rest = int(counted.group(1)[:9]), counted.group(2) or "HEAD"
    if not 0 < count <= _MOST:
        raise InputError(f"-{counted.group(1)[:12]} is no count of commits", f"give -1 to -{_MOST}")
    if is_range(rest):
        span = _bounds(repository, rest)
        return span._replace(newest=count) if span.first else span
    return _Span("", repository.resolve(rest), count)


def _bounds(repository: Repository, asked: str) -> _Span:
    if parent := _PARENT.fullmatch(asked):
        merge, number = parent.groups()
        return _Span(repository.resolve(f"{merge}^{number}"), repository.resolve(merge))
    alone = asked.endswith("^!")
    if not asked.strip(".") or asked.startswith("-") or (alone and ".." in asked) or asked.count("..") > 1:
        raise InputError(f"{asked!r} is no range", _ADVICE)
    if alone:
        return _Span("", repository.resolve(asked.removesuffix("^!")))
    both = "..." in asked
    first, _, last = asked.partition("..." if both else "..")
    span = _Span(repository.resolve(first or "HEAD"), repository.resolve(last or "HEAD"))
    return _one_side(repository, asked, span) if both else span


def _one_side(repository: Repository, asked: str, span: _Span) -> _Span:
    """``A...B``, which is one series only where one of the two has all of the other. Raises InputError elsewhere."""
    counted = repository.run("rev-list", "--left-right", "--count", f"{span.first}...{span.last}", "--")
    left, right = map(int, counted.split())
    if left and right:
        first, _, last = asked.partition("...")
        first, last = first or "HEAD", last or "HEAD"
        raise InputError(
            f"{asked!r} is two series, {left} commits of {first} and {right} of {last}",
            f"give {first}..{last} for what {last} has, or {last}..{first}",
        )
    return span if not left else _Span(span.last, span.first)


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
    commit, or of the oldest of a count of them, which may not exist, or "". Raises InputError where it is no range.
    """
    span = _span(repository, asked)
    if span.newest:
        oldest = _listed(repository, span, *_ALL)[:1] or [span.last]
        return f"{oldest[0]}^", span.last
    if not span.first:
        return f"{span.last}^", span.last
    return repository.run("merge-base", span.first, span.last, empty_is=1).decode().strip(), span.last


def upstream(repository: Repository) -> str:
    """The range ``upstream..HEAD``. Raises InputError where the branch follows none."""
    try:
        found = repository.run("rev-parse", "--verify", "--quiet", "@{upstream}", empty_is=1).decode().strip()
    except InputError:
        found = ""
    if not found:
        raise InputError(f"{repository.where}: the branch has no upstream to compare with", _ADVICE)
    return f"{found}..HEAD"
