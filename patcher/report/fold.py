"""Text for people, made to fit: lines folded between words, with what is behind indented, and cells of tables.

Widths are columns of a terminal: colours take none, a wide character takes two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

WIDTH = 80  # where no terminal says another
_DEEPER = 2
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_RESET = "\x1b[0m"
# Below U+0300 each character takes one column, as do dashes, quotation marks and the ellipsis.
_NARROW = re.compile("[ -\u02ff\u2010-\u2027]*")
_MARKER = re.compile(r" *(?:[-*>]|\d+\.) +")
_FENCE = re.compile(r"(`{3,})")
_BEGINS = re.compile(r" *(?:[-*>#|]|\d+\.) |#")  # what is no more of the paragraph above
_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")


class Whole(str):
    """A line that is never folded, such as a line of source: it can be copied, and a mark below it stays below."""

    __slots__ = ()


def fitted(lines: Iterable[str], width: int = WIDTH, deeper: int = _DEEPER) -> str:
    """Lines (of which one may be several) as text that fits ``width`` columns; ``deeper``: as of ``folded``."""
    return "".join(f"{part}\n" for line in lines for each in _split(line) for part in folded(each, width, deeper))


def prose(markdown: str, width: int = WIDTH) -> str:
    """Markdown as text that fits: paragraphs are filled anew, code stays as it is."""
    lines: list[str] = []
    fence, going_on = "", False
    for line in markdown.splitlines():
        mark = _FENCE.match(line)
        if fence or mark:
            lines.append(Whole(line))
            fence = (fence if line.rstrip() != fence else "") if fence else mark[1] if mark else ""
            going_on = False
        elif going_on and line and not _BEGINS.match(line):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
            going_on = bool(line) and not line.startswith("#")
    return fitted(lines, width, 0)


def _split(line: str) -> list[str]:
    return [line] if isinstance(line, Whole) else line.split("\n")


def folded(line: str, width: int, deeper: int = _DEEPER) -> Iterator[str]:
    """A line (perhaps with colours) as lines of no more than ``width`` columns.

    What does not fit goes below the last column of text that the line has, below the words of an item of a list, or
    ``deeper`` than the line begins. A word that is longer than a line stays whole, so that a path can be copied.
    Colours end with each line and begin again with the next, as a pager needs it.
    """
    if isinstance(line, Whole) or columns(line) <= width:
        yield line
        return
    indent = " " * _hanging(_COLOUR.sub("", line), width, deeper)
    now, used, gap, colours = "", 0, "", ""
    for token in re.findall(r" +|[^ ]+", line):
        if token[0] == " ":
            gap += token
            continue
        wide = columns(token)
        if wide and used and used + len(gap) + wide > width and now.strip():
            yield now + _RESET * bool(colours)
            now, used, gap = indent + colours, len(indent), ""
        now += gap + token
        used += len(gap) + wide
        gap = ""
        for colour in _COLOUR.findall(token):
            colours = "" if colour == _RESET else colours + colour
    yield now


def _hanging(line: str, width: int, deeper: int) -> int:
    """The column in which a line goes on below."""
    margin = len(line) - len(line.lstrip(" "))
    if marker := _MARKER.match(line):
        margin, deeper = marker.end(), 0
    gaps = [end for gap in _GAP.finditer(line) if (end := columns(line[: gap.end()])) <= width * 3 // 5]
    return min(gaps[-1] if gaps else margin + deeper, width // 2 if not gaps else width)


def columns(text: str) -> int:
    """How many columns of a terminal a line takes."""
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    if _NARROW.fullmatch(text):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int) -> str:
    """With spaces behind, so that it takes ``width`` columns, or as it is where it takes more."""
    return text + " " * (width - columns(text))


def shortened(text: str, width: int) -> str:
    """Cut where it takes more than ``width`` columns, which an ellipsis shows."""
    if columns(text) <= width:
        return text
    kept = text[: max(width - 1, 0)]
    while kept and columns(kept) > width - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
