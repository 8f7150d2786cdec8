"""A diff as files with their lines, read by unidiff; and whether it fits what it is applied to."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

_QUOTED = re.compile(r'\\([abfnrtv"\\]|[0-7]{3})')
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@")


class Line(NamedTuple):
    """A line of a diff without its sign and line end: ``number`` in the file (after the change; before it for a removed
    line), ``at`` in the diff, from 0."""

    number: int
    text: str
    at: int


class Hunk(NamedTuple):
    """A hunk: where it starts in the old file (from 1), its lines before and after, without line ends. The last flag
    tells that the file ends after it without a newline."""

    start: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    old_ends: bool
    new_ends: bool


class FileDiff(NamedTuple):
    """What a patch does to one file. ``path`` is its name after the change (before it where it is deleted); modes are
    git's, "" where they are not told."""

    path: str
    old_path: str
    created: bool
    deleted: bool
    binary: bool
    old_mode: str
    new_mode: str
    added: tuple[Line, ...]
    removed: tuple[Line, ...]
    hunks: tuple[Hunk, ...]
    at: int

    @property
    def renamed(self) -> bool:
        """Whether it had another name."""
        return self.old_path != self.path and not self.created and not self.deleted


class Diff:
    """A parsed diff. ``error`` says why it could not be parsed to its end ("" where it could), ``error_at`` the line of
    the diff, from 0."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.error = ""
        self.error_at = 0
        self.files: tuple[FileDiff, ...] = tuple(self._read()) if text else ()

    @cached_property
    def lines(self) -> Sequence[str]:
        """The diff's text by lines."""
        return self._text.split("\n")

    @property
    def changed(self) -> int:
        """How many lines are added or removed."""
        return sum(len(file.added) + len(file.removed) for file in self.files)

    def _read(self) -> Iterator[FileDiff]:
        from unidiff.errors import UnidiffParseError
        from unidiff.patch import PatchSet

        counted = _Counted(self._text)
        found: Any = ()
        try:
            found = PatchSet(counted)
        except (UnidiffParseError, ValueError, OverflowError) as error:
            self.error = str(error).strip().partition(":")[0] or "it cannot be parsed"
            self.error_at = counted.at
            return
        for file in found:
            yield _file(file)


class _Counted:
    """The lines of a text, counted as they are read."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="\n")
        self.at = -1

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> str:
        line = self._lines.readline()
        if not line:
            raise StopIteration
        self.at += 1
        return line


def _file(file: Any) -> FileDiff:
    old, new = _name(file.source_file, "a/"), _name(file.target_file, "b/")
    info = list(file.patch_info or ())
    named = {line.split(" ", 2)[1]: line.rstrip("\n").split(" ", 2)[2] for line in info if line.startswith("rename ")}
    old, new = _unquoted(named.get("from", old)), _unquoted(named.get("to", new))
    created = old == "/dev/null" or any(line.startswith("new file mode") for line in info)
    deleted = new == "/dev/null" or any(line.startswith("deleted file mode") for line in info)
    hunks, added, removed = [], [], []
    for hunk in file:
        before, after = [], []
        ends = [False, False]
        last = ""
        for line in hunk:
            kind, text = line.line_type, line.value.removesuffix("\n")
            if kind == "\\":
                ends[0] = ends[0] or last in ("-", " ")
                ends[1] = ends[1] or last in ("+", " ")
                continue
            last = kind
            at = (line.diff_line_no or 1) - 1
            if kind != "+":
                before.append(text)
            if kind != "-":
                after.append(text)
            if kind == "+":
                added.append(Line(line.target_line_no or 0, text, at))
            elif kind == "-":
                removed.append(Line(line.source_line_no or 0, text, at))
        hunks.append(Hunk(hunk.source_start, tuple(before), tuple(after), ends[0], ends[1]))
    return FileDiff(
        path=old if deleted and not created else new,
        old_path=new if created else old,
        created=created,
        deleted=deleted,
        binary=bool(file.is_binary_file),
        old_mode=_mode(info, "old mode") or _mode(info, "deleted file mode"),
        new_mode=_mode(info, "new mode") or _mode(info, "new file mode"),
        added=tuple(added),
        removed=tuple(removed),
        hunks=tuple(hunks),
        at=(file.diff_line_no or 1) - 1,
    )


def _name(name: str | None, prefix: str) -> str:
    """A name as it stands in the diff, without quotes, time and the prefix git gives it."""
    text = _unquoted((name or "").split("\t")[0].rstrip("\r\n"))
    return text if text == "/dev/null" else text.removeprefix(prefix)


def _unquoted(text: str) -> str:
    """A name as git quotes it, in bytes that are UTF-8 as a rule."""
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        return text
    raw = bytearray()
    at = 1
    while at < len(text) - 1:
        match = _QUOTED.match(text, at)
        if match:
            code = match.group(1)
            raw += _SIMPLE[code].encode() if code in _SIMPLE else bytes([int(code, 8) & 0xFF])
            at = match.end()
        else:
            raw += text[at].encode("utf-8", "surrogateescape")
            at += 1
    return raw.decode("utf-8", "surrogateescape")


def _mode(info: Sequence[str], words: str) -> str:
    return next((line.removeprefix(words).strip() for line in info if line.startswith(f"{words} ")), "")


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
