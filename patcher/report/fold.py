"""Lines of text folded to the width of a terminal, between words, with what is behind indented."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LEAST = 40
_DEEPER = 4


def terminal_width(output: Path | None) -> int:
    """The columns of the terminal that text goes to; 0 where it goes to none."""
    if output is not None or sys.stdout is None or not sys.stdout.isatty():
        return 0
    return max(_LEAST, shutil.get_terminal_size().columns)


def folded(line: str, width: int) -> Iterator[str]:
    """A line (perhaps with colours) as lines of no more than ``width`` columns; as it is where that is 0.

    A word that is longer stays whole, so that a path can be copied.
    """
    if not width or len(_COLOUR.sub("", line)) <= width:
        yield line
        return
    margin = len(line) - len(line.lstrip(" "))
    words, now = line[margin:].split(" "), " " * margin
    indent = " " * min(margin + _DEEPER, width // 2)
    empty = True
    for word in words:
        longer = word if empty else f" {word}"
        if not empty and len(_COLOUR.sub("", now + longer)) > width:
            yield now
            now, longer = indent, word
        now += longer
        empty = False
    yield now
