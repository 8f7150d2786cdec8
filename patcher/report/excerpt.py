"""A line of a file with its place marked below, as wide as there is room: cut around the place where it is longer."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate

from patcher.escape import safe
from patcher.report.fold import columns

_TAB = 8
_MORE = "…"
_FAR = 2000  # characters before and behind a place


def marked(line: str, column: int, width: int, room: int) -> Iterator[str]:
    """The line and, below it, a row of ``^``.

    Arguments:
        line: the line, as it is in the file
        column: where the place begins, in characters from 1; 0 for no place
        width: how many characters of it are meant, 0 for no place
        room: the columns of the terminal that there are
    """
    far = max(0, column - 1 - _FAR)  # of a line without end, nobody sees the rest
    line, column = line[far : far + _FAR + max(width, 1) + _FAR], column - far
    shown = list(_shown(line))
    edges = list(accumulate(map(columns, shown), initial=0))  # of each character, in columns of a terminal
    begin = min(max(column - 1, 0), len(shown))
    end = min(begin + max(width, 1), len(shown))
    first, last = _window(edges, begin, end, room)
    before, after = _MORE * (first + far > 0), _MORE * (last < len(shown))
    yield f"{before}{''.join(shown[first:last])}{after}"
    if width and (begin > 0 or end < len(shown)):
        margin = len(before) + edges[begin] - edges[first]
        yield " " * margin + "^" * max(1, edges[min(end, last)] - edges[begin])


def _shown(line: str) -> Iterator[str]:
    """What each character is on a terminal: a tab leads to the next stop, what a terminal would obey is written out."""
    at = 0
    for character in line:
        text = " " * (_TAB - at % _TAB) if character == "\t" else safe(character.replace("\n", " "))
        at += columns(text)
        yield text


def _window(edges: list[int], begin: int, end: int, room: int) -> tuple[int, int]:
    """Which characters are shown: all, or as many as fit around the place (at least its first one)."""
    count = len(edges) - 1
    if edges[-1] <= room:
        return 0, count
    spare = max(room - 2 * len(_MORE) - (edges[end] - edges[begin]), 0)
    start = max(0, min(edges[begin] - spare // 2, edges[-1] - room + len(_MORE)))
    first = min(bisect_left(edges, start), begin)
    left = room - len(_MORE) * (first > 0)
    last = bisect_right(edges, edges[first] + left) - 1
    if last < count:
        last = bisect_right(edges, edges[first] + left - len(_MORE)) - 1
    return first, max(last, min(begin + 1, count))
