"""The tree of a P2M as an SVG picture, without anything from outside: no font, no script, no style sheet.

From the left to the right: the top page, mid pages, leaves that mean more than one thing. What is shared stands once,
at the bottom; lines lead there. All text is monospaced, so that what fits is known without a renderer.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from patcher.escape import safe
from patcher.prove.picture import Kind, LeafRun, MidRun, Picture, Piece, Shared, stretches
from patcher.prove.scenario import RAM, UNUSABLE
from patcher.report import p2m_rows as rows

WIDTH, MARGIN = 1320, 24
SIZE, TITLE = 11, 16  # of text, in pixels
ADVANCE = 0.64  # of a monospaced letter, in parts of its size: the widest there are, and renderers round up
ROW, HEAD, GAP = 17, 22, 14
TOP, MID, LEAF = (MARGIN, 384), (460, 380), (920, 376)  # columns: left edge, width
BUS, FIRST_BUS, MOST_BUSES = 9, 12, 4  # lines to shared pages: apart, from the column's edge, at most
INDEX = 10  # letters for slots
FONT = "DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace"
FILL = {Kind.RAM: "#d5ecd4", Kind.IDENTITY: "#cfe0f8", Kind.MISSING: "#e7e7e7", Kind.FOREIGN: "#eedcf5",
        Kind.STRAY: "#fbd5cf"}  # fmt: skip
LINE = {Kind.RAM: "#2f7a33", Kind.IDENTITY: "#1f5fb0", Kind.MISSING: "#6b6b6b", Kind.FOREIGN: "#7d3c98",
        Kind.STRAY: "#b03020"}  # fmt: skip
OTHER, OTHER_LINE = "#f6dfae", "#8a6410"  # in the memory map: what is no RAM
LOW = 2**20  # PFNs below 4 GiB
INK, PALE, FRAME = "#1a1a1a", "#555555", "#404040"
MEANS = {
    Kind.RAM: "RAM: the entry is an MFN", Kind.IDENTITY: "identity: the PFN is the MFN",
    Kind.MISSING: "missing: no frame", Kind.FOREIGN: "foreign: another domain's frame",
    Kind.STRAY: "stray: what lies behind the builder's list, taken for an MFN",
}  # fmt: skip


class _Row(NamedTuple):
    """A line in a box. ``slots``: which pointers or entries; ``shared``, ``leaf``, ``mid``: what it leads to, if it is
    drawn; ``leaf`` with its first PFN."""

    slots: str
    what: str
    right: str
    kind: Kind | None = None
    shared: str = ""
    leaf: tuple[LeafRun, int] | None = None
    mid: MidRun | None = None


class _Canvas:
    def __init__(self) -> None:
        self.parts: list[str] = []

    def text(self, x: float, y: float, text: str, *, size: int = SIZE, right: bool = False, fill: str = INK,
             bold: bool = False, room: float = WIDTH - 2 * MARGIN) -> None:  # fmt: skip
        """Text with its baseline at ``y``; cut where it would take more than ``room``."""
        text = _clean(text)
        most = int(room / (size * ADVANCE))
        if len(text) > most:
            text = text[: max(0, most - 1)] + "…"
        more = ' text-anchor="end"' if right else ""
        more += ' font-weight="bold"' if bold else ""
        more += f' font-size="{size}"' if size != SIZE else ""
        more += f' fill="{fill}"' if fill != INK else ""
        self.parts.append(f'<text x="{_n(x)}" y="{_n(y)}"{more}>{escape(text)}</text>')

    def box(self, x: float, y: float, width: float, height: float, fill: str, line: str = "", name: str = "") -> None:
        stroke = f' stroke="{line}"' if line else ""
        kind = f' class="{name}"' if name else ""
        self.parts.append(
            f'<rect{kind} x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{fill}"{stroke}/>'
        )

    def path(self, shape: str, line: str, *, arrow: bool = True, width: float = 1.2) -> None:
        end = f' marker-end="url(#to{line[1:]})"' if arrow else ""
        self.parts.append(f'<path d="{shape}" fill="none" stroke="{line}" stroke-width="{width}"{end}/>')

    def dot(self, x: float, y: float, fill: str) -> None:
        self.parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="2.4" fill="{fill}"/>')


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _clean(text: str) -> str:
    """The text without what XML can't hold."""
    return "".join(each for each in safe(text) if each not in "\ufffe\uffff")


def p2m_svg(picture: Picture, about: rows.About) -> str:
    """The picture as an SVG document."""
    return _Drawing(picture, about).draw()


class _Drawing:
    def __init__(self, picture: Picture, about: rows.About) -> None:
        self.picture, self.about, self.canvas = picture, about, _Canvas()
        self.shared = {page.name: page for page in picture.shared}
        self.stretches = stretches(picture)
        self.waiting: list[tuple[str, int, float]] = []  # shared page, right edge it comes from, y

    def draw(self) -> str:
        y = self._header()
        y = self._bars(y)
        y = self._tables(y + 26)
        height = self._shared_pages(y + 30) + MARGIN
        canvas = self.canvas
        colours = {FRAME, *LINE.values()}
        arrows = "".join(
            f'<marker id="to{each[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0.5L8 4L0 7.5z" fill="{each}"/></marker>'
            for each in sorted(colours)
        )
        label = escape(_clean(f"P2M of {self.about.tree}"))
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{_n(height)}" '
            f'viewBox="0 0 {WIDTH} {_n(height)}" font-family="{FONT}" font-size="{SIZE}" fill="{INK}" role="img">\n'
            f"<title>{label}</title>\n<defs>{arrows}</defs>\n"
            f'<rect width="{WIDTH}" height="{_n(height)}" fill="#ffffff"/>\n' + "\n".join(canvas.parts) + "\n</svg>\n"
        )

    def _header(self) -> float:
        canvas, y = self.canvas, MARGIN + TITLE - 2.0
        canvas.text(MARGIN, y, f"P2M of {self.about.tree}", size=TITLE, bold=True)
        y += 8
        most = int((WIDTH - 2 * MARGIN) / (SIZE * ADVANCE))
        for line in rows.machine_lines(self.picture, self.about):
            for part in textwrap.wrap(line, most, subsequent_indent="  "):
                y += ROW - 1
                canvas.text(MARGIN, y, part, fill=LINE[Kind.STRAY] if line.startswith("clamped") else INK)
        y += 12
        x: float = MARGIN
        present = {kind for _, _, kind in self.stretches} | {page.kind for page in self.picture.shared}
        for kind in (each for each in Kind if each in present):
            wide = 18 + len(MEANS[kind]) * SIZE * ADVANCE
            if x + wide > WIDTH - MARGIN:
                x, y = MARGIN, y + ROW
            canvas.box(x, y, 12, 12, FILL[kind], LINE[kind])
            canvas.text(x + 18, y + 10, MEANS[kind])
            x += wide + 22
        return y + 12

    def _bars(self, y: float) -> float:
        """The memory map above what the tree says of the same addresses; a large machine's first 4 GiB once more."""
        end = rows.picture_end(self.picture)
        y = self._bar(y + 18, end, "")
        if end > 8 * LOW:
            y = self._bar(y + 12, LOW, "< 4 GiB")
        what = "map: RAM green, unusable grey, any other region yellow, gaps white; P2M: what a lookup says"
        self.canvas.text(MARGIN, y + 14, what, fill=PALE)
        return y + 14

    def _bar(self, y: float, end: int, name: str) -> float:
        canvas, left, width = self.canvas, MARGIN + 80, WIDTH - 2 * MARGIN - 80
        scale = width / end
        for at, text in ((y + 13, "map"), (y + 37, "P2M"), (y + 57, name)):
            canvas.text(MARGIN, at, text)
        canvas.box(left, y, width, 18, "#ffffff", FRAME)
        canvas.box(left, y + 24, width, 18, "#ffffff", FRAME)
        thin: set[int] = set()
        for addr, size, kind in sorted(self.picture.regions, key=lambda region: -region[1]):
            first, last = min(addr / 4096, end), min((addr + size) / 4096, end)
            colour = FILL[Kind.RAM] if kind == RAM else FILL[Kind.MISSING] if kind == UNUSABLE else OTHER
            edge = LINE[Kind.RAM] if kind == RAM else OTHER_LINE
            self._slice(left + first * scale, (last - first) * scale, y, colour, edge, thin)
        thin.clear()
        for start, stop, state in self.stretches:
            first, last = min(start, end), min(stop, end)
            self._slice(left + first * scale, (last - first) * scale, y + 24, FILL[state], LINE[state], thin)
        step = _tick(end)
        for at in range(0, end + 1, step):
            x = left + at * scale
            canvas.path(f"M{_n(x)} {_n(y + 42)}v4", FRAME, arrow=False)
            canvas.text(x, y + 57, rows.bytes_text(at * 4096) if at else "0", right=at + step > end, fill=PALE)
        return y + 60

    def _slice(self, x: float, width: float, y: float, fill: str, edge: str, thin: set[int]) -> None:
        """A part of a bar. What is thinner than a pixel becomes a line, once a pixel."""
        if width <= 0:
            return
        if width >= 1:
            self.canvas.box(x, y, width, 18, fill)
        elif int(x) not in thin:
            thin.add(int(x))
            self.canvas.box(int(x), y, 1, 18, edge)

    def _tables(self, y: float) -> float:
        """The three columns; returns where the lowest box ends."""
        canvas = self.canvas
        for (x, _), text in ((TOP, "top page"), (MID, "mid pages of their own"), (LEAF, "leaves of mixed meaning")):
            canvas.text(x, y, text, bold=True)
        y += 10
        table = self._top_rows()
        ends = self._box(TOP, y, "p2m_top", table)
        bottom = y + HEAD + ROW * len(table)
        low = leaves = y
        for row, at in zip(table, ends, strict=True):
            if row.mid is not None:
                self._own(TOP[0] + TOP[1], at, MID[0], low + HEAD / 2)
                low, leaves = self._mid(row.mid, low, leaves)
        return max(bottom, low - GAP, leaves - GAP)

    def _top_rows(self) -> list[_Row]:
        first, folded, last = rows.fold(self.picture.top, rows.MOST_MIDS)
        table = [self._top_row(run) for run in first]
        if folded:
            table.append(_Row("", f"… {len(folded)} more ranges: {rows.mids_text(folded)}", ""))
        return table + [self._top_row(run) for run in last]

    def _top_row(self, run: MidRun) -> _Row:
        mid = self.picture.fan_out**2
        where = rows.span_text(run.first * mid, (run.first + run.count) * mid)
        kind = self.shared[run.shared].kind if run.shared else None
        return _Row(rows.slots_text(run.first, run.count), rows.mid_text(run), where, kind, run.shared,
                    mid=None if run.shared else run)  # fmt: skip

    def _mid(self, run: MidRun, y: float, leaves: float) -> tuple[float, float]:
        """A mid page, and the leaves on its right, not above ``leaves``; returns where the next of each begin."""
        fan, mid = self.picture.fan_out, self.picture.fan_out**2
        first, folded, last = rows.fold(run.leaves, rows.MOST_LEAVES)
        table, boxes = [], 0
        for leaf in (*first, None, *last):
            if leaf is None:
                if folded:
                    table.append(_Row("", f"… {len(folded)} more ranges: {rows.leaves_text(folded)}", ""))
                continue
            pfn = run.first * mid + leaf.first * fan
            boxed = rows.is_mixed(leaf) and boxes < rows.MOST_MIXED
            boxes += boxed
            kind = self.shared[leaf.shared].kind if leaf.shared else None
            if not leaf.shared and not rows.is_mixed(leaf):
                kind = leaf.pieces[0].kind
            slots, what = rows.slots_text(leaf.first, leaf.count), rows.leaf_text(leaf, boxed)
            table.append(_Row(slots, what, f"PFN {pfn:#x}", kind, leaf.shared, (leaf, pfn) if boxed else None))
        where = rows.span_text(run.first * mid, (run.first + run.count) * mid)
        which = f"mid page of slot {run.first}" if run.count == 1 else f"each of {run.count} mid pages"
        ends = self._box(MID, y, f"{which}: {where}", table)
        leaves = max(leaves, y)
        for row, at in zip(table, ends, strict=True):
            if row.leaf is not None:
                self._own(MID[0] + MID[1], at, LEAF[0], leaves + HEAD / 2)
                leaves = self._leaf(*row.leaf, leaves) + GAP
        return y + HEAD + ROW * len(table) + GAP, leaves

    def _leaf(self, run: LeafRun, pfn: int, y: float) -> float:
        """A leaf that means more than one thing: a strip to scale, and its entries in words."""
        canvas, (x, width), fan = self.canvas, LEAF, self.picture.fan_out
        first, folded, last = rows.fold(run.pieces, rows.MOST_PIECES)
        table = [_piece(piece, pfn) for piece in first]
        if folded:
            table.append(_Row("", f"… {len(folded)} more: {rows.counts_text(rows.kinds_of(folded))}", ""))
        table += [_piece(piece, pfn) for piece in last]
        height = HEAD + 12 + ROW * len(table)
        canvas.box(x, y, width, height, "#ffffff", name="page")
        canvas.text(x + 8, y + 15, f"{rows.whose(run)} from PFN {pfn:#x}", bold=True, room=width - 16)
        for piece in run.pieces:
            wide = piece.count * width / fan
            canvas.box(
                x + piece.first * width / fan, y + HEAD, wide, 12, LINE[piece.kind] if wide < 3 else FILL[piece.kind]
            )
        self._rows(LEAF, y + HEAD + 12, table, 20)
        canvas.box(x, y, width, height, "none", FRAME)
        return y + height

    def _box(self, column: tuple[int, int], y: float, title: str, table: Sequence[_Row]) -> list[float]:
        """A page: title and rows; returns the middle of each row. Lines to shared pages are drawn later."""
        x, width = column
        height = HEAD + ROW * len(table)
        self.canvas.box(x, y, width, height, "#ffffff", name="page")
        self.canvas.box(x, y, width, HEAD, "#f1efe8")
        self.canvas.text(x + 8, y + 15, title, bold=True, room=width - 16)
        ends = self._rows(column, y + HEAD, table, INDEX)
        self.canvas.box(x, y, width, height, "none", FRAME)
        return ends

    def _rows(self, column: tuple[int, int], y: float, table: Sequence[_Row], index: int) -> list[float]:
        (x, width), letter, ends = column, SIZE * ADVANCE, []
        for row in table:
            if row.kind:
                self.canvas.box(x, y, width, ROW, FILL[row.kind])
            at = x + 8 + index * letter if row.slots else x + 8
            taken = len(row.right) * letter + (10 if row.right else 0)
            if row.slots:
                self.canvas.text(x + 8, y + 12, row.slots, room=(index - 0.5) * letter)
            self.canvas.text(at, y + 12, row.what, room=x + width - 8 - taken - at)
            if row.right:
                self.canvas.text(x + width - 8, y + 12, row.right, right=True, fill=PALE)
            if row.shared:
                self.waiting.append((row.shared, x + width, y + ROW / 2))
            y += ROW
            ends.append(y - ROW / 2)
        return ends

    def _own(self, x: float, y: float, to: float, at: float) -> None:
        """An arrow from a row to a page of its own."""
        bend = (to - x) / 2
        self.canvas.dot(x, y, FRAME)
        self.canvas.path(f"M{_n(x)} {_n(y)}C{_n(x + bend)} {_n(y)} {_n(to - bend)} {_n(at)} {_n(to)} {_n(at)}", FRAME)

    def _shared_pages(self, y: float) -> float:
        """The shared pages, each once, and the lines that lead there; returns where the lowest ends."""
        canvas = self.canvas
        canvas.text(MARGIN, y, "shared pages: each is there once,", bold=True, room=TOP[1])
        canvas.text(MARGIN, y + ROW, "however many pointers lead to it", bold=True, room=TOP[1])
        bottom, goals = y, {}
        for level, column in (("mid", MID), ("leaf", LEAF)):
            at = y - 12
            for number, page in enumerate(each for each in self.picture.shared if each.level == level):
                goals[page.name] = (number, column[0], at + HEAD / 2)
                at = self._shared_page(page, column, at) + GAP
            bottom = max(bottom, at)
        for name, x, start in self.waiting:
            number, to, at = goals[name]
            self._bus(name, number, x, start, to, at)
        return bottom

    def _shared_page(self, page: Shared, column: tuple[int, int], y: float) -> float:
        (x, width), canvas = column, self.canvas
        height = HEAD + 2 * ROW + 4
        canvas.box(x, y, width, height, FILL[page.kind], LINE[page.kind], name="page")
        canvas.text(x + 8, y + 15, page.name, bold=True, room=width - 16)
        canvas.text(x + 8, y + HEAD + 12, rows.shared_text(page, self.picture.fan_out), room=width - 16)
        canvas.text(x + 8, y + HEAD + ROW + 12, rows.pointers_text(page), room=width - 16, fill=PALE)
        if page.leads_to:
            self.waiting.append((page.leads_to, x + width, y + HEAD + 8))
        return y + height

    def _bus(self, name: str, number: int, x: float, y: float, to: float, at: float) -> None:
        """The line from a row to a shared page; those to one page run together."""
        if number >= MOST_BUSES:
            return  # the row names it
        line = LINE[self.shared[name].kind]
        lane = x + FIRST_BUS + number * BUS
        self.canvas.dot(x, y, line)
        self.canvas.path(f"M{_n(x)} {_n(y)}H{_n(lane)}V{_n(at)}H{_n(to)}", line)


def _piece(piece: Piece, start: int) -> _Row:
    where = rows.pfns_text(start + piece.first, piece.count)
    return _Row(where, rows.times(piece.count, piece.kind.value), rows.bytes_text(piece.count * 4096), piece.kind)


def _tick(end: int) -> int:
    """PFNs from one mark of the axis to the next: a power of two, for at most ten."""
    step = 1
    while step * 10 < end:
        step *= 2
    return step
