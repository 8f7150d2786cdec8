"""A diff as rows: line numbers before and after, and which words of a changed line changed.

The cost is bounded whatever the diff: a page shows so many lines, of a line so many characters, and words are compared
as long as a budget lasts. What is cut says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import NamedTuple

from patcher.mail.diff import Diff, FileDiff

LINES, PAGE_LINES = 1500, 40_000  # of one patch, of all
LONG = 1000  # characters of a line
_WORDS, _BUDGET = 64, 30_000_000  # words of a line beside what is alike at its ends; steps of comparing, at the worst
_ALIKE = 0.3  # of two lines, to be taken for one that was changed
_WORD = re.compile(r"\w+|\s+|.")
_HUNK = re.compile(r"@@ -(\d{1,18})(?:,(\d{1,18}))? \+(\d{1,18})(?:,(\d{1,18}))? @@")


class Piece(NamedTuple):
    """A part of a line."""

    text: str
    changed: bool


class Line(NamedTuple):
    """``sign`` is that of the diff, ``@`` for the head of a hunk; numbers are 0 where the line is not in that file."""

    sign: str
    old: int
    new: int
    pieces: tuple[Piece, ...]


class ShownFile(NamedTuple):
    """One file; ``what`` says what became of it beside its lines."""

    path: str
    what: str
    added: int
    removed: int
    lines: tuple[Line, ...]

    @property
    def rows(self) -> Iterator[tuple[Line, str]]:
        """The lines, each with what stands beside it: its numbers before and after, all as wide as the widest."""
        wide = len(str(max((max(line.old, line.new) for line in self.lines), default=0)))
        for line in self.lines:
            yield line, f"{line.old or '':>{wide}}  {line.new or '':>{wide}}"


class Shown(NamedTuple):
    """A diff of so many files (``of``), as far as it is shown. ``left_out``: how many lines were cut; ``raw``: its
    text, where it cannot be read, and ``error`` why."""

    files: tuple[ShownFile, ...]
    of: int
    added: int
    removed: int
    left_out: int
    raw: str = ""
    error: str = ""


class Differ:
    """Shows the diffs of one page."""

    def __init__(self, lines: int = PAGE_LINES, budget: int = _BUDGET) -> None:
        self._lines = lines
        self._budget = budget

    def show(self, text: str) -> Shown:
        """The diff as rows."""
        read = Diff(text)
        room = min(LINES, self._lines)
        if read.error:
            lines = text.split("\n")
            self._lines -= min(room, len(lines))
            raw = "\n".join(_cut(line) for line in lines[:room])
            return Shown((), 0, 0, 0, max(0, len(lines) - room), raw, read.error)
        ends = [*(file.at for file in read.files[1:]), len(read.lines)]
        files, left_out = [], 0
        for file, end in zip(read.files, ends, strict=True):
            rows = _rows(read.lines[file.at : end])
            shown = list(islice(rows, room))
            room -= len(shown)
            self._lines -= len(shown)
            left_out += sum(1 for _ in rows)
            if shown or room:
                added, removed = len(file.added), len(file.removed)
                files.append(ShownFile(file.path, _what(file), added, removed, tuple(self._with_words(shown))))
        added, removed = sum(len(each.added) for each in read.files), sum(len(each.removed) for each in read.files)
        return Shown(tuple(files), len(read.files), added, removed, left_out)

    def _with_words(self, rows: Sequence[Line]) -> Iterator[Line]:
        """The rows; where lines were replaced, with the words that changed."""
        at = 0
        while at < len(rows):
            middle = _run(rows, at, "-")
            end = _run(rows, middle, "+") if middle > at else at
            if end == middle:
                stop = max(middle, at + 1)
                yield from rows[at:stop]
                at = stop
                continue
            old, new = list(rows[at:middle]), list(rows[middle:end])
            for number, (before, after) in enumerate(zip(old, new, strict=False)):
                old[number], new[number] = self._compared(before, after)
            yield from old
            yield from new
            at = end

    def _compared(self, before: Line, after: Line) -> tuple[Line, Line]:
        old, new = _WORD.findall(before.pieces[0].text), _WORD.findall(after.pieces[0].text)
        start = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        most = min(len(old), len(new)) - start
        tail = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
        a, b = old[start : len(old) - tail], new[start : len(new) - tail]
        cost = len(a) * len(b) * min(len(a), len(b))
        if max(len(a), len(b)) > _WORDS or cost > self._budget:
            return before, after
        self._budget -= cost
        blocks = SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks()
        same = sum(len("".join(a[each.a : each.a + each.size]).strip()) for each in blocks)
        same += sum(len(word.strip()) for word in (*old[:start], *old[len(old) - tail :]))
        if same < _ALIKE * max(len(before.pieces[0].text.strip()), len(after.pieces[0].text.strip())):
            return before, after
        kept_old = [(start + each.a, start + each.a + each.size) for each in blocks]
        kept_new = [(start + each.b, start + each.b + each.size) for each in blocks]
        return (
            before._replace(pieces=_pieces(old, [(0, start), *kept_old, (len(old) - tail, len(old))])),
            after._replace(pieces=_pieces(new, [(0, start), *kept_new, (len(new) - tail, len(new))])),
        )


def _pieces(words: Sequence[str], kept: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    """The words as pieces, where those of ``kept`` did not change; blanks between changed words count as changed."""
    found: list[Piece] = []
    at = 0
    for start, end in kept:
        for changed, part in ((True, "".join(words[at:start])), (False, "".join(words[start:end]))):
            if part:
                if found and found[-1].changed == changed:
                    part = found.pop().text + part
                found.append(Piece(part, changed))
        at = max(at, end)
    return tuple(found) or (Piece("", False),)


def _run(rows: Sequence[Line], at: int, sign: str) -> int:
    while at < len(rows) and rows[at].sign == sign:
        at += 1
    return at


def _rows(lines: Sequence[str]) -> Iterator[Line]:
    """The rows of one file's diff: its hunks, and nothing behind them."""
    old = new = old_left = new_left = 0
    for line in lines:
        if old_left <= 0 and new_left <= 0:
            if match := _HUNK.match(line):
                old, new = int(match[1]), int(match[3])
                old_left, new_left = int(match[2] or 1), int(match[4] or 1)
                yield Line("@", 0, 0, (Piece(_cut(line), False),))
            elif line.startswith("\\ ") and (old or new):
                yield Line("\\", 0, 0, (Piece(_cut(line[2:]), False),))
            continue
        sign = line[:1] if line[:1] in ("+", "-", "\\") else " "
        pieces = (Piece(_cut(line[1:] if line[:1] in ("+", "-", " ") else line), False),)
        if sign == "\\":
            yield Line(sign, 0, 0, (Piece(_cut(line[2:]), False),))
            continue
        yield Line(sign, old if sign != "+" else 0, new if sign != "-" else 0, pieces)
        old, old_left = old + (sign != "+"), old_left - (sign != "+")
        new, new_left = new + (sign != "-"), new_left - (sign != "-")


def _cut(line: str) -> str:
    line = line.rstrip("\r")
    return line if len(line) <= LONG else f"{line[:LONG]}… ({len(line) - LONG:,} more characters)"


def _what(file: FileDiff) -> str:
    parts = []
    if file.created:
        parts.append("new file")
    if file.deleted:
        parts.append("deleted")
    if file.renamed:
        parts.append(f"was {file.old_path}")
    if file.binary:
        parts.append("binary")
    if file.old_mode and file.new_mode and file.old_mode != file.new_mode:
        parts.append(f"mode {file.old_mode} to {file.new_mode}")
    return ", ".join(parts)
