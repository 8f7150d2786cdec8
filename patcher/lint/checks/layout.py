"""Checks on how added C code is laid out: what fits on one line, and empty lines that part nothing, or change alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from patcher.lazy import expression
from patcher.lint.checks.style import declarations
from patcher.lint.gate import C_FILES
from patcher.lint.hunks import Shown, hunks_of_c
from patcher.lint.job import Change
from patcher.lint.model import Hit
from patcher.lint.register import check
from patcher.mail.diff import FileDiff

_COLUMNS = 80
_FIRST = expression(r"\t+(?!/?\*|//|\.|#|[{}]|\"|case\b).*(?:,|\(| =| [-+|&]| &&| \|\|)\Z")
_GOES_ON = expression(r".*(?:,|\(|=|[-+|&?:\\{]|&&|\|\|)\Z")
_FUNCTION = expression(
    r"(?!\w+:|static (?:DE|\w*ATTR)\w*\()(?:(?:static|inline|const|struct|enum|unsigned|int|void|bool|char|long"
    r"|s?size_t|[us](?:8|16|32|64))\b[^;=]*\(|/\*\*?\Z)"
)
_HEAD = expression(r"(?:static )?(?:inline )?(?:int|void|bool|ssize_t|struct \w+) \**\w+\([^;]*\Z")
_PLAIN = expression(
    r"\t(?:(?:const |static )?(?:struct|enum) \w+|int|bool|u8|u16|u32|u64|unsigned int|char|size_t) \**\w+"
    r"(?: = [^;]*)?;\Z"
)
_NEAR = 4


@check(files=C_FILES, added=tuple(f"{end}\n" for end in (",", "(", " =", "-", "+", "|", "&")))
def short_continuation(job: Change) -> Iterator[Hit]:
    """A statement on two lines that fits on one of 80 columns; told once a file."""
    told: set[str] = set()
    for file, hunk in hunks_of_c(job.diff):
        for before, above, below in zip(hunk, hunk[1:], hunk[2:], strict=False):
            if not (above.added and below.added) or file.path in told or len(above.text) + len(below.text) > 130:
                continue
            if not _FIRST.match(above.text) or (_GOES_ON.match(before.text.rstrip()) and before.text.strip() != "{"):
                continue
            if before.text.rstrip().endswith("\\") or not re.search(r"(?:;|\) \{|\))\Z", below.text):
                continue
            text = below.text.strip()
            joined = f"{above.text}{'' if above.text.endswith('(') else ' '}{text}"
            whole = joined.count("(") == joined.count(")") and joined.count('"') % 2 == 0
            if whole and len(joined.expandtabs(8)) <= _COLUMNS and not text.startswith(("/*", "*", "//", '"', "{")):
                told.add(file.path)
                yield Hit("two lines that fit on one", job.file(file.path, above.line), "join them")


def _runs(lines: Sequence[str]) -> Iterator[tuple[int, int, list[str]]]:
    """The changed lines of a hunk that follow each other: where they begin and end, and they."""
    start: int | None = None
    for at, line in enumerate([*lines, " "]):
        if line[:1] in ("+", "-"):
            start = at if start is None else start
        elif start is not None:
            yield start, at, list(lines[start:at])
            start = None


def _hunks(job: Change, file: FileDiff) -> Iterator[tuple[int, Sequence[str]]]:
    """The lines of each hunk of a file with their signs, and the number of the first of them after the change."""
    lines = job.diff.lines
    end = min((other.at for other in job.diff.files if other.at > file.at), default=len(lines))
    at = file.at
    while at < end:
        match = re.match(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@", lines[at])
        at += 1
        if match:
            first = at
            while at < end and lines[at][:1] in (" ", "+", "-", "\\", ""):
                at += 1
            yield int(match.group(1)), lines[first:at]


@check(files=C_FILES)
def unrelated_space(job: Change) -> Iterator[Hit]:
    """White space that changes far from what else a patch changes; told once a file."""
    for file in job.diff.files:
        if not file.path.endswith(C_FILES) or file.created or file.deleted:
            continue
        kinds = [(number, lines, list(_runs(lines))) for number, lines in _hunks(job, file)]
        alone = [[_only_space(run) for _, _, run in runs] for _, _, runs in kinds]
        if all(each for one in alone for each in one):
            continue
        for (number, lines, runs), ones in zip(kinds, alone, strict=True):
            for index, ((start, end, _), lonely) in enumerate(zip(runs, ones, strict=True)):
                near = (index and start - runs[index - 1][1] < _NEAR) or (
                    index + 1 < len(runs) and runs[index + 1][0] - end < _NEAR
                )
                if not lonely or near:
                    continue
                place = number + sum(line[:1] != "-" for line in lines[:start])
                line = next((each for each in file.added if each.number == place), None)
                yield Hit(lonely, job.file(file.path, line), "leave it as it was, or make it a patch of its own",
                          key=f"{lonely} {place}")  # fmt: skip
                break
            else:
                continue
            break


def _only_space(run: Sequence[str]) -> str:
    """What is said of changed lines that differ in white space only, "" where they differ in more."""
    gone, come = (["".join(line[1:].split()) for line in run if line[0] == sign] for sign in "-+")
    if "".join(gone) != "".join(come):
        return ""
    if not any(gone) and not any(come):
        return "an empty line that has nothing to do with the change"
    return "white space that changes far from the rest of the patch"


@check(files=C_FILES)
def blank_between(job: Change) -> Iterator[Hit]:
    """No empty line between functions, or one where none belongs; each told once a file."""
    told: set[tuple[str, str]] = set()
    for file, hunk in hunks_of_c(job.diff):
        found: list[tuple[str, Shown]] = []
        for above, each in pairwise(hunk):
            if above.text == "}" and above.added and each.added and _FUNCTION.match(each.text):
                found.append(("no empty line between functions", each))
        for at in range(1, len(hunk) - 1):
            each = hunk[at]
            if each.added and not each.text.strip() and hunk[at - 1].text == " */" and _HEAD.match(hunk[at + 1].text):
                start = next((line for line in reversed(hunk[: at - 1]) if "/*" in line.text), None)
                if start and start.text.strip() == "/**":
                    found.append(("an empty line between a comment and its function", each))
        for block in declarations(hunk):
            at = hunk.index(block[-1]) + 1 if block else len(hunk)
            after = hunk[at : at + 2]
            alone = len(after) == 2 and all(line.added for line in after) and not after[0].text.strip()
            if alone and _PLAIN.match(after[1].text):
                found.append(("an empty line among declarations", after[0]))
        for what, each in found:
            if (file.path, what) not in told:
                told.add((file.path, what))
                yield Hit(what, job.file(file.path, each.line), key=f"{what} {each.text.strip()}")
