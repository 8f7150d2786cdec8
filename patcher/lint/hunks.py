"""The lines of a file as a patch leaves them, as far as its hunks show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from patcher.lazy import expression
from patcher.mail.diff import Diff, FileDiff, Line

_HUNK = expression(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")

_NOT_KERNEL = ("tools/", "scripts/", "samples/", "Documentation/")


class Shown(NamedTuple):
    """A line after the change, whether the patch adds it, and what it says."""

    line: Line
    added: bool
    text: str


_known: WeakKeyDictionary[Diff, dict[int, tuple[Sequence[Shown], ...]]] = WeakKeyDictionary()


def shown(diff: Diff, file: FileDiff) -> tuple[Sequence[Shown], ...]:
    """The lines of each hunk of a file after the change. They are kept as long as the diff, since many rules ask."""
    files = _known.setdefault(diff, {})
    if file.at not in files:
        files[file.at] = tuple(_read(diff, file))
    return files[file.at]


def _read(diff: Diff, file: FileDiff) -> Iterator[Sequence[Shown]]:
    lines = diff.lines
    end = min((other.at for other in diff.files if other.at > file.at), default=len(lines))
    at = file.at
    while at < end:
        match = _HUNK.match(lines[at])
        at += 1
        if not match:
            continue
        number, left = int(match.group(1)), int(match.group(2) or 1)
        found: list[Shown] = []
        while at < end and left > 0:
            sign, text = lines[at][:1], lines[at][1:]
            if sign in ("", " ", "+", "\r"):
                found.append(Shown(Line(number, text, at), sign == "+", text))
                number, left = number + 1, left - 1
            at += 1
        yield found


def hunks_of_c(diff: Diff) -> Iterator[tuple[FileDiff, Sequence[Shown]]]:
    """Each hunk of each C file of the kernel itself that has added lines."""
    for file in diff.files:
        if file.path.endswith((".c", ".h")) and file.added and not file.path.startswith(_NOT_KERNEL):
            for hunk in shown(diff, file):
                yield file, hunk


def ends_file(file: FileDiff, hunk: Sequence[Shown]) -> bool:
    """Whether the file ends with a hunk, as no line follows what it adds."""
    return bool(hunk) and hunk[-1].added and (file.created or any(not each.added for each in hunk))
