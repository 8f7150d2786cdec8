"""Whether a diff fits what it is applied to, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence

from patcher.mail.diff import FileDiff


class DoesNotApply(Exception):
    """A hunk does not fit; its argument says which, from 1, and ``at`` where it was expected."""


def applied(before: bytes | None, file: FileDiff) -> bytes | None:
    """The file after the change, None where it is deleted. As ``git apply`` does it: the lines around must be there
    exactly, they may have moved.

    Raises DoesNotApply where they are not, where a new file exists already, or where an old one does not.
    """
    if file.created and before is not None:
        raise DoesNotApply("it is created, and exists already")
    if before is None and not file.created:
        raise DoesNotApply("it does not exist")
    if file.deleted:
        return None
    text = (before or b"").decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    ends = not text or lines[-1] == ""
    if lines and lines[-1] == "":
        lines.pop()
    moved = 0
    floor = 0
    for number, hunk in enumerate(file.hunks, 1):
        wanted = max(0, hunk.start - 1 if hunk.old else hunk.start) + moved
        at = _find(lines, list(hunk.old), wanted, floor)
        if at is None:
            raise DoesNotApply(f"hunk {number} of {len(file.hunks)} (line {hunk.start}) does not fit")
        lines[at : at + len(hunk.old)] = hunk.new
        moved = at - max(0, hunk.start - 1 if hunk.old else hunk.start) + len(hunk.new) - len(hunk.old)
        floor = at + len(hunk.new)
        if at + len(hunk.new) == len(lines):
            ends = not hunk.new_ends
    return ("\n".join(lines) + ("\n" if ends and lines else "")).encode("utf-8", "surrogateescape")


def _find(lines: Sequence[str], wanted: Sequence[str], near: int, floor: int) -> int | None:
    """Where the wanted lines stand, as near as possible to ``near`` and not before ``floor``."""
    last = len(lines) - len(wanted)
    if last < floor:
        return None
    if not wanted:
        return min(max(near, floor), len(lines))
    for away in range(0, len(lines) + 1):
        both_out = True
        for at in {near + away, near - away}:
            if floor <= at <= last:
                both_out = False
                if lines[at] == wanted[0] and list(lines[at : at + len(wanted)]) == wanted:
                    return at
        if both_out and near + away > last and near - away < floor:
            return None
    return None
