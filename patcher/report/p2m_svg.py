"""The tree of a P2M as an SVG picture, without anything from outside: no font, no script, no style sheet.

From the left to the right: the top page, mid pages, leaves that mean more than one thing. What is shared stands once,
at the bottom; lines lead there. All text is monospaced, so that what fits is known without a renderer.
"""

from __future__ import annotations

import textwrap
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from patcher.prove.picture import Kind, LeafRun, MidRun, Picture, Piece, Shared, stretches
from patcher.prove.pictures import differences
from patcher.report import p2m_rows as rows
from patcher.report.p2m_bars import bars
from patcher.report.p2m_canvas import (
    ADVANCE,
    CHANGED,
    FILL,
    FONT,
    FRAME,
    GAP,
    HEAD,
    INK,
    LINE,
    MARGIN,
    PALE,
    PAPER,
    ROW,
    SIZE,
    TITLE,
    TITLED,
    WIDTH,
    Canvas,
    clean,
    px,
)

TOP, MID, LEAF = (MARGIN, 384), (460, 380), (920, 376)  # columns: left edge, width
BUS, FIRST_BUS, MOST_BUSES = 9, 12, 4  # lines to shared pages: apart, from the column's edge, at most
INDEX = 10  # letters for slots
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
    marked: bool = False


def p2m_svg(picture: Picture, about: rows.About) -> str:
    """The picture as an SVG document."""
    drawing = _Drawing(picture, Canvas(), None)
    drawing.header(about)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + drawing.draw(f"P2M of {about.tree}")


def p2m_part(picture: Picture, title: str, name: str, before: Picture | None) -> str:
    """The picture as an element of an HTML document, without the lines that stand above it in a document of its own.

    ``name`` goes before its ids, and has to be an id itself. What is not as in ``before`` is marked.
    """
    return _Drawing(picture, Canvas(name), before).draw(title)


class _Drawing:
    def __init__(self, picture: Picture, canvas: Canvas, before: Picture | None) -> None:
        self.picture, self.canvas, self.y = picture, canvas, MARGIN - 12.0
        self.before = before
        self.shared = {page.name: page for page in picture.shared}
        changes = differences(before, picture) if before else ()
        self.changed = [(each.start, each.end) for each in changes]
        self.otherwise = [(each.start, each.end) for each in changes if each.meaning]
        self.stretches = stretches(picture)
        self.waiting: list[tuple[str, int, float]] = []  # shared page, right edge it comes from, y

    def header(self, about: rows.About) -> None:
        canvas, y = self.canvas, MARGIN + TITLE - 2.0
        canvas.text(MARGIN, y, f"P2M of {about.tree}", size=TITLE, bold=True)
        y += 8
        most = int((WIDTH - 2 * MARGIN) / (SIZE * ADVANCE))
        for line in rows.machine_lines(self.picture, about):
            for part in textwrap.wrap(line, most, subsequent_indent="  "):
                y += ROW - 1
                canvas.text(MARGIN, y, part, fill=LINE[Kind.STRAY] if line.startswith("clamped") else INK)
        self.y = y + 12

    def draw(self, title: str) -> str:
        canvas = self.canvas
        y = bars(canvas, self._legend(self.y), self.picture, self.stretches, self.otherwise)
        y = self._tables(y + 26)
        height = px(self._shared_pages(y + 30) + MARGIN)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" font-family="{FONT}" font-size="{SIZE}" fill="{INK}" role="img">\n'
            f"<title>{escape(clean(title))}</title>\n<defs>{canvas.arrows()}</defs>\n"
            f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>\n' + "\n".join(canvas.parts) + "\n</svg>\n"
        )

    def _legend(self, y: float) -> float:
        x: float = MARGIN
        present = {kind for _, _, kind in self.stretches} | {page.kind for page in self.picture.shared}
        told = [(FILL[kind], LINE[kind], MEANS[kind]) for kind in Kind if kind in present]
        if self.before:
            told.append((CHANGED, CHANGED, "changed by the patch"))
        for fill, line, text in told:
            wide = 18 + len(text) * SIZE * ADVANCE
            if x + wide > WIDTH - MARGIN:
                x, y = MARGIN, y + ROW
            self.canvas.box(x, y, 12, 12, fill, line)
            self.canvas.text(x + 18, y + 10, text)
            x += wide + 22
        return y + 12

    def _is_changed(self, start: int, end: int) -> bool:
        """Whether one of PFNs [start, end) is held in another way than before."""
        at = bisect_right(self.changed, start, key=lambda span: span[1])
        return at < len(self.changed) and self.changed[at][0] < end

    def _is_other(self, page: Shared) -> bool:
        """Whether a shared page is none of those before, or has another number of pointers."""
        return self.before is not None and page not in self.before.shared

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
        marked = self._is_changed(run.first * mid, (run.first + run.count) * mid)
        return _Row(rows.slots_text(run.first, run.count), rows.mid_text(run), where, kind, run.shared,
                    mid=None if run.shared else run, marked=marked)  # fmt: skip

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
            goal = (leaf, pfn) if boxed else None
            marked = self._is_changed(pfn, pfn + leaf.count * fan)
            table.append(_Row(slots, what, f"PFN {pfn:#x}", kind, leaf.shared, goal, marked=marked))
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
        table = [self._piece(piece, pfn) for piece in first]
        if folded:
            table.append(_Row("", f"… {len(folded)} more: {rows.counts_text(rows.kinds_of(folded))}", ""))
        table += [self._piece(piece, pfn) for piece in last]
        height = HEAD + 12 + ROW * len(table)
        canvas.box(x, y, width, height, PAPER, name="page")
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
        self.canvas.box(x, y, width, height, PAPER, name="page")
        self.canvas.box(x, y, width, HEAD, TITLED)
        self.canvas.text(x + 8, y + 15, title, bold=True, room=width - 16)
        ends = self._rows(column, y + HEAD, table, INDEX)
        self.canvas.box(x, y, width, height, "none", FRAME)
        return ends

    def _rows(self, column: tuple[int, int], y: float, table: Sequence[_Row], index: int) -> list[float]:
        (x, width), letter, ends = column, SIZE * ADVANCE, []
        for row in table:
            if row.kind:
                self.canvas.box(x, y, width, ROW, FILL[row.kind])
            if row.marked:
                self.canvas.box(x, y, 5, ROW, CHANGED)
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
        self.canvas.path(
            f"M{px(x)} {px(y)}C{px(x + bend)} {px(y)} {px(to - bend)} {px(at)} {px(to)} {px(at)}",
            FRAME,
        )

    def _shared_pages(self, y: float) -> float:
        """The shared pages, each once, and the lines that lead there; returns where the lowest ends."""
        canvas = self.canvas
        canvas.text(MARGIN, y, "shared pages: each is there once,", bold=True, room=TOP[1])
        canvas.text(MARGIN, y + ROW, "however many pointers lead to it", bold=True, room=TOP[1])
        bottom, goals = y, {}
        for level, column in (("mid", MID), ("leaf", LEAF)):
            at = y - 12
            for lane, page in enumerate(each for each in self.picture.shared if each.level == level):
                goals[page.name] = (lane, column[0], at + HEAD / 2)
                at = self._shared_page(page, column, at) + GAP
            bottom = max(bottom, at)
        for name, x, start in self.waiting:
            lane, to, at = goals[name]
            self._bus(name, lane, x, start, to, at)
        return bottom

    def _shared_page(self, page: Shared, column: tuple[int, int], y: float) -> float:
        (x, width), canvas = column, self.canvas
        height = HEAD + 2 * ROW + 4
        canvas.box(x, y, width, height, FILL[page.kind], LINE[page.kind], name="page")
        if self._is_other(page):
            canvas.box(x, y, 5, height, CHANGED)
        canvas.text(x + 8, y + 15, page.name, bold=True, room=width - 16)
        canvas.text(x + 8, y + HEAD + 12, rows.shared_text(page, self.picture.fan_out), room=width - 16)
        canvas.text(x + 8, y + HEAD + ROW + 12, rows.pointers_text(page), room=width - 16, fill=PALE)
        if page.leads_to:
            self.waiting.append((page.leads_to, x + width, y + HEAD + 8))
        return y + height

    def _bus(self, name: str, lane: int, x: float, y: float, to: float, at: float) -> None:
        """The line from a row to a shared page; those to one page run together."""
        if lane >= MOST_BUSES:
            return  # the row names it
        line = LINE[self.shared[name].kind]
        bus = x + FIRST_BUS + lane * BUS
        self.canvas.dot(x, y, line)
        self.canvas.path(f"M{px(x)} {px(y)}H{px(bus)}V{px(at)}H{px(to)}", line)

    def _piece(self, piece: Piece, start: int) -> _Row:
        first = start + piece.first
        size = rows.bytes_text(piece.count * rows.PAGE)
        what = rows.times(piece.count, piece.kind.value)
        marked = self._is_changed(first, first + piece.count)
        return _Row(rows.pfns_text(first, piece.count), what, size, piece.kind, marked=marked)
