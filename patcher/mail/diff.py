"""A diff as files with their lines.

Where the diff of a file begins and ends, and what the file is called, is decided here, as git does it
(``find_header()`` of git's apply.c), and hunks are read that are as their headers say. What is wrong with others,
unidiff tells: reading all with it takes longer than half of the rules. Its releases differ in where files end: what
stands behind a hunk (the empty line before ``base-commit:``) becomes a line of it, quoted names and names with spaces
become a second file, only 1.0 and later say where a file begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from patcher.lazy import expression

_ESCAPED = expression(r'\\([abfnrtv"\\]|[0-7]{3})')
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}
_QUOTED_NAME = expression(r'"(?:[^"\\]|\\.)*"')
_HUNK = expression(r"@@ -([0-9]{1,18})(?:,([0-9]{1,18}))? \+([0-9]{1,18})(?:,([0-9]{1,18}))? @@")
_EXTENDED = expression(
    r"(?:old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|rename old"
    r"|rename new|similarity index|dissimilarity index|index) "
)
_BINARY = expression(r"(?:Binary files? .* differ|GIT binary patch)\s*\Z")
_EPOCH = expression(r"\t(?:1969-12-31|1970-01-01) ")  # GNU diff's time of a file that is not there
_NULL = "/dev/null"
_NAME_CHARACTERS = 2 * 4096  # Linux has no longer paths


class Line(NamedTuple):
    """A line of a diff without its sign and line end: ``number`` in the file (after the change; before it for a removed
    line), ``at`` in the diff, from 0."""

    number: int
    text: str
    at: int


class Hunk(NamedTuple):
    """A hunk: where it starts in the old file (from 1), its lines before and after, without line ends. The flags tell
    that the file ends after it without a newline; ``function`` is what its header says it is in."""

    start: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    old_ends: bool
    new_ends: bool
    function: str


class FileDiff(NamedTuple):
    """What a patch does to one file. ``path`` is its name after the change (before it where it is deleted); modes are
    git's, "" where they are not told. ``at`` is the line of the diff, from 0, at which it begins."""

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
    """A parsed diff. Text before, between and behind the diffs of its files is passed over. ``error`` says why it could
    not be parsed ("" where it could; there are no files then), ``error_at`` the line of the diff, from 0."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.error = ""
        self.error_at = 0
        self.files: tuple[FileDiff, ...] = ()
        lines = self.lines if self.lines[-1] else self.lines[:-1]
        try:
            self.files = tuple(_file(lines, section) for section in _sections(lines))
        except _Malformed as error:
            self.error, self.error_at = error.reason, error.at

    @cached_property
    def lines(self) -> Sequence[str]:
        """The diff's text by lines."""
        return self._text.split("\n")

    @property
    def changed(self) -> int:
        """How many lines are added or removed."""
        return sum(len(file.added) + len(file.removed) for file in self.files)


class _Malformed(Exception):
    """A diff that cannot be parsed: why, and the line, from 0."""

    def __init__(self, reason: str, at: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at


class _Section(NamedTuple):
    """The diff of one file: its first line, from 0, the lines before the first hunk, and the lines of the hunks."""

    at: int
    header: tuple[str, ...]
    hunks: range


def _sections(lines: Sequence[str]) -> Iterator[_Section]:
    """The diffs of files in a text. Raises _Malformed at a hunk that belongs to none."""
    at = 0
    while at < len(lines):
        body = _header_end(lines, at)
        if body is not None:
            end = _hunks_end(lines, body)
            yield _Section(at, tuple(line.rstrip("\r") for line in lines[at:body]), range(body, end))
            at = end
        elif _HUNK.match(lines[at]):
            raise _Malformed("Hunk without the name of a file before it", at)
        else:
            at += 1


def _header_end(lines: Sequence[str], at: int) -> int | None:
    """The line after the header that begins at a line, None where none does."""
    if not lines[at].startswith("diff --git "):
        return at + 2 if _names_file(lines, at) and _is_hunk(lines, at + 2) else None
    at += 1
    while at < len(lines) and _EXTENDED.match(lines[at]):
        at += 1
    if at < len(lines) and _BINARY.match(lines[at]):
        return at + 1
    return at + 2 if _names_file(lines, at) else at


def _names_file(lines: Sequence[str], at: int) -> bool:
    return at + 1 < len(lines) and lines[at].startswith("--- ") and lines[at + 1].startswith("+++ ")


def _is_hunk(lines: Sequence[str], at: int) -> bool:
    return at < len(lines) and lines[at].startswith("@@ -")


def _hunks_end(lines: Sequence[str], at: int) -> int:
    """The line after the hunks that begin at a line. Where a hunk is not as long as its header says, that is left to
    unidiff. Raises _Malformed at a line that no hunk can hold."""
    while _is_hunk(lines, at):
        match = _HUNK.match(lines[at])
        if match is None:
            raise _Malformed("Hunk header expected", at)
        old, new = int(match.group(2) or 1), int(match.group(4) or 1)
        at += 1
        while at < len(lines) and (old > 0 or new > 0):
            sign = " " if lines[at] in ("", "\r") else lines[at][0]  # mail clients take the blank from an empty line
            if sign not in " -+\\":
                raise _Malformed("Hunk diff line expected", at)
            old -= sign in " -"
            new -= sign in " +"
            at += 1
            if old < 0 or new < 0:
                return at
        while at < len(lines) and lines[at].startswith("\\ "):
            at += 1
    return at


def _read(lines: Sequence[str], hunks: range) -> tuple[list[Hunk], list[Line], list[Line]]:
    """Hunks, and the lines that they add and remove. Raises _Malformed where one is not as long as its header says."""
    found: list[Hunk] = []
    added: list[Line] = []
    removed: list[Line] = []
    headers = [at for at in hunks if lines[at].startswith("@")]
    for head, end in pairwise((*headers, hunks.stop)):
        header = _HUNK.match(lines[head])
        assert header, "_hunks_end() has seen that it is one"
        old, old_length, new, new_length = (int(part or 1) for part in header.groups())
        before: list[str] = []
        after: list[str] = []
        old_ends = new_ends = False
        last = ""
        for at in range(head + 1, end):
            sign, text = lines[at][:1], lines[at][1:]
            if sign == "+":
                added.append(Line(new + len(after), text, at))
                after.append(text)
            elif sign == "-":
                removed.append(Line(old + len(before), text, at))
                before.append(text)
            elif sign == "\\":
                old_ends, new_ends = old_ends or last in ("-", " "), new_ends or last in ("+", " ")
                continue
            else:  # mail clients take the blank from an empty line
                sign, text = " ", text if sign == " " else lines[at]
                before.append(text)
                after.append(text)
            last = sign
        if (len(before), len(after)) != (old_length, new_length) or not before + after:
            _judge(lines, hunks)
        function = lines[head][header.end() :].removeprefix(" ")
        found.append(Hunk(old, tuple(before), tuple(after), old_ends, new_ends, function))
    return found, added, removed


def _judge(lines: Sequence[str], hunks: range) -> None:
    """Have unidiff say what is wrong with hunks: raises _Malformed if something is."""
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    read = hunks.start

    def text() -> Iterator[str]:
        nonlocal read
        yield from ("--- a\n", "+++ b\n")
        for read in hunks:
            line = lines[read]
            # git says it in the user's language, unidiff knows the English words
            yield "\\ No newline at end of file\n" if line.startswith("\\ ") else f"{line}\n"

    try:
        PatchSet(text())
    except (UnidiffParseError, ValueError) as error:
        raise _Malformed(str(error).strip().partition(":")[0] or "It cannot be parsed", read) from error


def _file(lines: Sequence[str], section: _Section) -> FileDiff:
    hunks, added, removed = _read(lines, section.hunks)
    old, new, created, deleted = _named(section.header, hunks)
    return FileDiff(
        path=old if deleted and not created else new,
        old_path=new if created else old,
        created=created,
        deleted=deleted,
        binary=bool(_BINARY.match(section.header[-1])),
        old_mode=_told(section.header, "old mode ", "deleted file mode "),
        new_mode=_told(section.header, "new mode ", "new file mode "),
        added=tuple(added),
        removed=tuple(removed),
        hunks=tuple(hunks),
        at=section.at,
    )


def _named(header: Sequence[str], hunks: Sequence[Hunk]) -> tuple[str, str, bool, bool]:
    """The file's names before and after, and whether it is created or deleted."""
    raw = (_told(header, "--- "), _told(header, "+++ "))
    old, new = (_unquoted(each.split("\t")[0]) for each in raw)
    created, deleted = old == _NULL, new == _NULL
    if not header[0].startswith("diff --git "):
        only = hunks[0] if len(hunks) == 1 else None
        created = created or bool(only and not only.old and only.start == 0) or bool(_EPOCH.search(raw[0]))
        deleted = deleted or bool(_EPOCH.search(raw[1]))
        return *_without_prefix(old, new), created and not deleted, deleted
    created = created or bool(_told(header, "new file mode "))
    deleted = deleted or bool(_told(header, "deleted file mode "))
    if created or deleted or not (old and new):
        old, new = _two_names(header[0].removeprefix("diff --git "))
    old, new = _without_prefix(old, new)
    moved_from = _told(header, "rename from ", "copy from ", "rename old ")
    moved_to = _told(header, "rename to ", "copy to ", "rename new ")
    return _unquoted(moved_from) or old, _unquoted(moved_to) or new, created, deleted


def _told(header: Sequence[str], *words: str) -> str:
    """What stands behind the first of some words in a header, "" where none of them does."""
    return next((line.removeprefix(word) for word in words for line in header if line.startswith(word)), "")


def _two_names(text: str) -> tuple[str, str]:
    """The names of a ``diff --git`` line. Spaces in them are not quoted, but the names are the same where nothing else
    tells them."""
    if match := _QUOTED_NAME.match(text):
        return _unquoted(match.group()), _unquoted(text[match.end() :].strip(" "))
    if len(text) <= 2 * _NAME_CHARACTERS:
        for space in re.finditer(" ", text):
            old, new = text[: space.start()], _unquoted(text[space.end() :])
            if old == new or old.partition("/")[2] == new.partition("/")[2] != "":
                return old, new
    old, _, new = text.partition(" ")
    return old, _unquoted(new)


def _without_prefix(old: str, new: str) -> tuple[str, str]:
    """Names without what stands for the old and the new tree: ``a/`` and ``b/``, or two other directories."""
    if old != new and old.partition("/")[2] == new.partition("/")[2] != "" and _NULL not in (old, new):
        return old.partition("/")[2], new.partition("/")[2]
    return (
        old if old == _NULL else old.removeprefix("a/"),
        new if new == _NULL else new.removeprefix("b/"),
    )


def _unquoted(text: str) -> str:
    """A name as git quotes it, in bytes that are UTF-8 as a rule."""
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        return text
    raw = bytearray()
    at = 1
    while at < len(text) - 1:
        match = _ESCAPED.match(text, at)
        if match:
            code = match.group(1)
            raw += _SIMPLE[code].encode() if code in _SIMPLE else bytes([int(code, 8) & 0xFF])
            at = match.end()
        else:
            raw += text[at].encode("utf-8", "surrogateescape")
            at += 1
    return raw.decode("utf-8", "surrogateescape")
