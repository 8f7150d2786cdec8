"""The tree of a P2M as text of 80 columns: top page, mid pages, leaves, indented; shared pages once, at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from patcher.escape import safe
from patcher.prove.picture import Kind, LeafRun, MidRun, Picture, Piece, stretches
from patcher.report import p2m_rows as rows
from patcher.report.fold import WIDTH, folded

Style = Callable[..., str]
_COLOUR = {Kind.RAM: "green", Kind.IDENTITY: "cyan", Kind.MISSING: "bright_black", Kind.FOREIGN: "magenta",
           Kind.STRAY: "red"}  # fmt: skip


def p2m_text(picture: Picture, about: rows.About, style: Style, width: int = WIDTH) -> str:
    """The picture as text, of 80 columns where ``width`` is more, too. ``style(text, fg=…, bold=…)`` colours, or
    returns the text as it is. A name without blanks that is longer than a line stays whole."""
    lines = ((part, how) for line, how in _lines(picture, about) for part in folded(line, min(width, WIDTH)))
    return "".join(f"{style(part, **how)}\n" for part, how in lines)


Line = tuple[str, dict[str, object]]  # and how it is styled


def _lines(picture: Picture, about: rows.About) -> Iterator[Line]:
    kinds = {page.name: page.kind for page in picture.shared}
    bold: dict[str, object] = {"bold": True}
    yield safe(f"P2M of {about.tree}"), bold
    for line in rows.machine_lines(picture, about):
        yield safe(f"  {line}"), {}
    if any(kind is Kind.STRAY for _, _, kind in stretches(picture)):
        yield "  stray: what lies behind the builder's list, taken for an MFN", {}
    yield "", {}
    yield "p2m_top: slots, and what they lead to", bold
    yield from _top(picture, kinds)
    yield "", {}
    yield "shared pages, each there once", bold
    for page in picture.shared:
        yield f"  {page.name:18} {rows.shared_text(page, picture.fan_out)}", _colour(page.kind)
        yield f"  {'':18} {rows.pointers_text(page)}", _colour(page.kind)


def _colour(kind: Kind) -> dict[str, object]:
    return {"fg": _COLOUR[kind]}


def _top(picture: Picture, kinds: dict[str, Kind]) -> Iterator[Line]:
    first, hidden, last = rows.fold(picture.top, rows.MOST_MIDS)
    for run in first:
        yield from _mid(picture, run, kinds)
    if hidden:
        yield f"  …         {len(hidden)} more ranges: {rows.mids_text(hidden)}", {}
    for run in last:
        yield from _mid(picture, run, kinds)


def _mid(picture: Picture, run: MidRun, kinds: dict[str, Kind]) -> Iterator[Line]:
    mid = picture.fan_out**2
    where = rows.span_text(run.first * mid, (run.first + run.count) * mid)
    text = f"  {rows.slots_text(run.first, run.count):9} {rows.mid_text(run):28} {where}"
    yield text, _colour(kinds[run.shared]) if run.shared else {}
    first, hidden, last = rows.fold(run.leaves, rows.MOST_LEAVES)
    start = run.first * mid
    yield from _leaves(picture, first, start, kinds)
    if hidden:
        yield f"      …         {len(hidden)} more ranges: {rows.leaves_text(hidden)}", {}
    yield from _leaves(picture, last, start, kinds)


def _leaves(picture: Picture, runs: Sequence[LeafRun], start: int, kinds: dict[str, Kind]) -> Iterator[Line]:
    for run in runs:
        pfn = start + run.first * picture.fan_out
        text = f"      {rows.slots_text(run.first, run.count):9} {rows.leaf_text(run):28} PFN {pfn:#x}"
        if rows.is_mixed(run):
            yield text, {}
            yield from _pieces(run.pieces, pfn)
        else:
            yield text, _colour(kinds[run.shared] if run.shared else run.pieces[0].kind)


def _pieces(pieces: Sequence[Piece], start: int) -> Iterator[Line]:
    first, hidden, last = rows.fold(pieces, rows.MOST_PIECES)
    yield from (_piece(piece, start) for piece in first)
    if hidden:
        yield f"            …  {len(hidden)} more ranges: {rows.counts_text(rows.kinds_of(hidden))}", {}
    yield from (_piece(piece, start) for piece in last)


def _piece(piece: Piece, start: int) -> Line:
    where = rows.pfns_text(start + piece.first, piece.count)
    return f"            {where}  {rows.times(piece.count, piece.kind.value)}", _colour(piece.kind)
