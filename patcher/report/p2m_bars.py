"""The P2M as bars: the memory map, what the tree says of the same addresses, and where a patch has changed that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from patcher.prove.picture import Kind, Picture
from patcher.prove.scenario import RAM, UNUSABLE
from patcher.report import p2m_rows as rows
from patcher.report.p2m_canvas import (
    CHANGED,
    FILL,
    FRAME,
    LINE,
    MARGIN,
    OTHER,
    OTHER_LINE,
    PALE,
    PAPER,
    WIDTH,
    Canvas,
    px,
)

LOW = 2**20  # PFNs below 4 GiB
Stretch = tuple[int, int, Kind]  # PFNs [start, end), and what they are


def bars(
    canvas: Canvas, y: float, picture: Picture, told: Sequence[Stretch], changed: Sequence[tuple[int, int]]
) -> float:
    """Both bars; a large machine's first 4 GiB once more. Returns where they end."""
    end = rows.picture_end(picture)
    y = _bar(canvas, y + 18, picture, told, changed, end, "")
    if end > 8 * LOW:
        y = _bar(canvas, y + 12, picture, told, changed, LOW, "< 4 GiB")
    what = "map: RAM green, unusable grey, any other region yellow, gaps white; P2M: what a lookup says"
    canvas.text(MARGIN, y + 14, what, fill=PALE)
    return y + 14


def _bar(
    canvas: Canvas, y: float, picture: Picture, told: Sequence[Stretch], changed: Sequence[tuple[int, int]], end: int,
    name: str,
) -> float:  # fmt: skip
    left, width = MARGIN + 80, WIDTH - 2 * MARGIN - 80
    scale = width / end
    for at, text in ((y + 13, "map"), (y + 37, "P2M"), (y + 57, name)):
        canvas.text(MARGIN, at, text)
    canvas.box(left, y, width, 18, PAPER, FRAME)
    thin: set[int] = set()
    for addr, size, kind in sorted(picture.regions, key=lambda region: -region[1]):
        first, last = min(addr / rows.PAGE, end), min((addr + size) / rows.PAGE, end)
        colour = FILL[Kind.RAM] if kind == RAM else FILL[Kind.MISSING] if kind == UNUSABLE else OTHER
        edge = LINE[Kind.RAM] if kind == RAM else OTHER_LINE
        _slice(canvas, left + first * scale, (last - first) * scale, y, 18, (colour, edge), thin)
    thin = set()
    for start, stop in changed:
        first, last = min(start, end), min(stop, end)
        _slice(canvas, left + first * scale, (last - first) * scale, y + 20, 3, (CHANGED, CHANGED), thin)
    strip(canvas, left, y + 24, width, 18, told, end)
    step = _tick(end)
    for at in range(0, end + 1, step):
        x = left + at * scale
        canvas.path(f"M{px(x)} {px(y + 42)}v4", FRAME, arrow=False)
        canvas.text(x, y + 57, rows.bytes_text(at * rows.PAGE) if at else "0", right=at + step > end, fill=PALE)
    return y + 60


def strip(canvas: Canvas, x: float, y: float, width: float, height: float, told: Iterable[Stretch], end: int) -> None:
    """What a lookup says of the PFNs below ``end``, to scale."""
    canvas.box(x, y, width, height, PAPER, FRAME)
    scale, thin = width / end, set[int]()
    for start, stop, kind in told:
        first, last = min(start, end), min(stop, end)
        _slice(canvas, x + first * scale, (last - first) * scale, y, height, (FILL[kind], LINE[kind]), thin)


def _slice(
    canvas: Canvas, x: float, width: float, y: float, height: float, colours: tuple[str, str], thin: set[int]
) -> None:
    """A part of a bar. What is thinner than a pixel becomes a line in the second colour, once a pixel."""
    if width <= 0:
        return
    if width >= 1:
        canvas.box(x, y, width, height, colours[0])
    elif int(x) not in thin:
        thin.add(int(x))
        canvas.box(int(x), y, 1, height, colours[1])


def _tick(end: int) -> int:
    """PFNs from one mark of the axis to the next: a power of two, for at most ten."""
    step = 1
    while step * 10 < end:
        step *= 2
    return step
