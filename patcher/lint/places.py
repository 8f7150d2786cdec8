"""Places in a patch: its subject, its message, its notes, its diff."""

from __future__ import annotations

from patcher.lint.model import Place
from patcher.mail.diff import Line
from patcher.mail.model import Patch, Tag

_EXCERPT = 400


def subject(patch: Patch, part: str = "") -> Place:
    """The subject, or a part of it; with the header's name where it is one, so that columns are those of the file."""
    text = f"Subject: {patch.subject}" if patch.path and patch.subject else patch.subject
    return _place(patch, patch.subject_line, text, part)


def body(patch: Patch, at: int, part: str = "") -> Place:
    """Line ``at`` of the message, or a part of it."""
    return _place(patch, patch.body_line + (at if patch.exact else 0), patch.body[at], part)


def tag(patch: Patch, tag: Tag, part: str = "") -> Place:
    """A tag."""
    return body(patch, tag.line, part)


def below(patch: Patch, at: int, part: str = "") -> Place:
    """Line ``at`` of what stands below ``---``."""
    return _place(patch, patch.below_line + (at if patch.exact else 0), patch.below[at], part)


def end_of_message(patch: Patch) -> Place:
    """Where a tag would be added."""
    return body(patch, len(patch.body) - 1) if patch.body else subject(patch)


def diff(patch: Patch, path: str, line: Line | None = None, part: str = "") -> Place:
    """A line of a touched file, or the file as such."""
    if line is None:
        return Place(path, 0, 0, 0, "")
    column, width = _marked(line.text, part)
    return Place(path, line.number, column, width, line.text[:_EXCERPT])


def whole(patch: Patch) -> Place:
    """The mail or the commit as such."""
    return Place(patch.path, patch.subject_line if patch.path else 0, 0, 0, "")


def _place(patch: Patch, line: int, text: str, part: str) -> Place:
    column, width = _marked(text, part)
    return Place(patch.path, line, column, width, text[:_EXCERPT])


def _marked(text: str, part: str) -> tuple[int, int]:
    at = text.find(part) if part else -1
    return (at + 1, len(part)) if at >= 0 else (1, len(text))
