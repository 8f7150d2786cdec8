"""Questions about a project's commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from patcher.model import Frozen


class Names(StrEnum):
    """What an abbreviated id names: a commit, nothing, several objects, or an object that is no commit."""

    COMMIT = "commit"
    MISSING = "missing"
    AMBIGUOUS = "ambiguous"
    OTHER = "other"


class Resolved(Frozen, frozen=True):
    """What an abbreviated commit id stands for. ``time`` is the committer's, in seconds since 1970."""

    names: Names
    commit: str = ""
    subject: str = ""
    time: int = 0


class History(Protocol):
    """A project's commits up to a base."""

    def look_up(self, names: Iterable[str]) -> Mapping[str, Resolved]:
        """What abbreviated ids stand for."""

    def ancestors(self, commits: Iterable[str]) -> frozenset[str]:
        """Those of the (full) ids that are ancestors of the base, or the base itself."""

    def titled(self, subjects: Iterable[str]) -> Mapping[str, str]:
        """For each subject the newest commit up to the base that has it, or ""."""

    def imported(self) -> Resolved | None:
        """The commit with which the history begins, if that has brought a whole kernel from elsewhere: what was before
        it cannot be looked up. None where it begins as Linux's own does."""

    def subjects(self, paths: Sequence[str], years: int = 1, most: int = 400) -> Mapping[str, Sequence[str]]:
        """For each path, the subjects of the newest commits up to the base that touched it or what is below it.

        Arguments:
            years: before the base
            most: commits that are looked at, for all paths together
        """
