"""How each patch of a series stands to a tree: plain values for apply, status and their reports."""

from __future__ import annotations

from enum import StrEnum

from patcher.model import Frozen


class State(StrEnum):
    """LANDED: a commit of the tree made the change; NEEDED: the tree needs it; CONFLICTING: the tree needs it, and it
    cannot be made; GONE: nothing is left of it to do, and no commit is known that did it."""

    LANDED = "landed"
    NEEDED = "needed"
    CONFLICTING = "conflicting"
    GONE = "gone"


class Sign(StrEnum):
    """By what a commit is known to be a patch of ours, the surest first: it is the commit that was sent, or makes the
    same change; its message names the series and the step; it has the subject and the author; the subject alone."""

    COMMIT = "the commit itself"
    CHANGE = "the same change"
    STEP = "the step in its message"
    AUTHOR = "subject and author"
    TITLE = "subject alone"


class Since(StrEnum):
    """What became of a patch since it was sent; UNKNOWN where nothing was, or where it is not needed."""

    UNKNOWN = ""
    SAME = "unchanged"
    CHANGED = "changed"
    NEW = "new"


class Standing(Frozen, frozen=True):
    """One patch.

    Arguments:
        title: its subject
        step: the slug of its step, "" for a patch that was sent and comes from none
        commit: the commit of the tree that made the change, "" where none is known; ``sign``: by what
        reason: what blocks it, or why nothing is left to do
        sent: the commit that was sent, ""; of mails the one that they came to
        since: what became of it since
        differs: where and how it differs from what was sent
        kept, lost: trailers that it had when it was sent
        paths: the files that it changes, or changed
    """

    title: str
    step: str
    state: State
    commit: str = ""
    sign: Sign | None = None
    reason: str = ""
    sent: str = ""
    since: Since = Since.UNKNOWN
    differs: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
