"""Locations in a patch: its subject, its message, its notes, its diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patcher.lint.model import Location
from patcher.mail.diff import Line
from patcher.mail.model import Patch

_EXCERPT = 400


def subject(patch: Patch, part: str = "") -> Location:
    """The subject, or a part of it; with the header's name where it is one, so that columns are those of the file."""
    text = f"Subject: {patch.subject}" if patch.path and patch.subject else patch.subject
    return _location(patch, patch.subject_line, text, part)


def body(patch: Patch, index: int, part: str = "") -> Location:
    """Line ``index`` of the message, or a part of it."""
    return _location(patch, patch.body_line + (index if patch.exact else 0), patch.body[index], part)


def below(patch: Patch, index: int, part: str = "") -> Location:
    """Line ``index`` of what stands below ``---``."""
    return _location(patch, patch.below_line + (index if patch.exact else 0), patch.below[index], part)


_last: list[tuple[Patch, tuple[tuple[int, str], ...]]] = []


def prose(patch: Patch) -> Sequence[tuple[int, str]]:
    """The lines of the message that are neither tags nor below the first of the tags' area, each with its number. Those
    of the last patch are kept, since many rules ask."""
    if not _last or _last[0][0] is not patch:
        _last[:] = [(patch, tuple(_prose(patch)))]
    return _last[0][1]


def _prose(patch: Patch) -> Iterator[tuple[int, str]]:
    tags = {tag.line for tag in patch.tags}
    first_of_area = min((tag.line for tag in patch.tags if tag.area), default=len(patch.body))
    for index, line in enumerate(patch.body[:first_of_area]):
        if index not in tags:
            yield index, line


def file(path: str, line: Line | None = None, part: str = "") -> Location:
    """A line of a touched file, or the file as such."""
    if line is None:
        return Location(path, 0, 0, 0, "")
    column, width = _marked(line.text, part)
    return Location(path, line.number, column, width, line.text[:_EXCERPT])


def mail(patch: Patch) -> Location:
    """The mail or the commit as such."""
    return Location(patch.path, patch.subject_line if patch.path else 0, 0, 0, "")


def _location(patch: Patch, line: int, text: str, part: str) -> Location:
    column, width = _marked(text, part)
    return Location(patch.path, line, column, width, text[:_EXCERPT])


def _marked(text: str, part: str) -> tuple[int, int]:
    index = text.find(part) if part else -1
    return (index + 1, len(part)) if index >= 0 else (1, len(text))
