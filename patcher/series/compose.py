"""Edits as bytes, applied last-first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patcher.model import Edit


def apply(contents: Mapping[str, bytes], edits: Sequence[Edit]) -> dict[str, bytes]:
    """The files that ``edits`` change, changed. Every byte outside of the spans stays as it is.

    A file that ``contents`` lacks is a new one. The edits must not overlap. Their order does not matter, but for
    insertions at one place: these come in the order of their texts.
    """
    changed: dict[str, bytes] = {}
    for edit in sorted(edits, key=_place, reverse=True):
        path, start, end = edit.span.path, edit.span.start, edit.span.end
        content = changed.get(path, contents.get(path, b""))
        changed[path] = content[:start] + edit.replacement + content[end:]
    return {path: content for path, content in changed.items() if content != contents.get(path)}


def _place(edit: Edit) -> tuple[str, int, int, bytes]:
    return edit.span.path, edit.span.start, edit.span.end, edit.replacement


def at_fault(edits: Sequence[Edit], path: str, offset: int) -> Edit | None:
    """The edit whose text has this byte of a changed file, or else the nearest before it."""
    nearest, moved = None, 0
    for edit in sorted((edit for edit in edits if edit.span.path == path), key=_place):
        at = edit.span.start + moved
        if at > offset and nearest:
            break
        nearest = edit
        moved += len(edit.replacement) - (edit.span.end - edit.span.start)
    return nearest
