"""A table that fits: labels are shortened, and what has too many columns is told in blocks, one below the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from patcher.report.fold import Whole, columns, padded, shortened

Style = Callable[..., str]
_LABEL = 24  # columns that a label has at least, before there are blocks


class Cell(NamedTuple):
    text: str
    colour: str


class Row(NamedTuple):
    label: str
    cells: tuple[Cell, ...]


def table(heads: Sequence[str], rows: Sequence[Row], width: int, style: Style) -> Iterator[str]:
    """The lines of a table of no more than ``width`` columns, unless one cell alone has more; each row in one line."""
    wide = [
        max([columns(head), *(columns(row.cells[at].text) for row in rows)]) + 1 for at, head in enumerate(heads)
    ]  # fmt: skip
    label = max((columns(row.label) for row in rows), default=0)
    blocks = _blocks(wide, width - min(label, _LABEL))
    room = min(label, max(width - max(sum(wide[at] for at in block) for block in blocks), 1))
    for number, block in enumerate(blocks):
        if number:
            yield ""
        yield Whole(" " * room + "".join(f" {padded(heads[at], wide[at] - 1)}" for at in block).rstrip())
        for row in rows:
            cells = (f" {style(padded(row.cells[at].text, wide[at] - 1), fg=row.cells[at].colour)}" for at in block)
            yield Whole(padded(shortened(row.label, room), room) + "".join(cells).rstrip())


def _blocks(wide: Sequence[int], room: int) -> list[range]:
    """Columns as few blocks of about as many, of which none is wider than ``room``, if no column is."""
    for count in range(1, len(wide) + 1):
        each = -(-len(wide) // count)
        blocks = [range(at, min(at + each, len(wide))) for at in range(0, len(wide), each)]
        if all(sum(wide[at] for at in block) <= room for block in blocks):
            return blocks
    return [range(at, at + 1) for at in range(len(wide))] or [range(0)]
