"""The tree of a P2M as text: top page, mid pages, leaves, indented; shared pages once, at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from patcher.escape import safe
from patcher.prove.picture import Kind, LeafRun, MidRun, Picture, Piece, stretches
from patcher.report import p2m_rows as rows

Style = Callable[..., str]
_COLOUR = {Kind.RAM: "green", Kind.IDENTITY: "cyan", Kind.MISSING: "bright_black", Kind.FOREIGN: "magenta",
           Kind.STRAY: "red"}  # fmt: skip


def p2m_text(picture: Picture, about: rows.About, style: Style) -> str:
    """The picture as text. ``style(text, fg=…, bold=…)`` colours, or returns the text as it is."""
    kinds = {page.name: page.kind for page in picture.shared}
    lines = [style(safe(f"P2M of {about.tree}"), bold=True)]
    lines += [safe(f"  {line}") for line in rows.machine_lines(picture, about)]
    if any(kind is Kind.STRAY for _, _, kind in stretches(picture)):
        lines.append("  stray: what lies behind the builder's list, taken for an MFN")
    lines += ["", style("p2m_top: slots, and what they lead to", bold=True)]
    lines += _top(picture, kinds, style)
    lines += ["", style("shared pages, each there once", bold=True)]
    for page in picture.shared:
        what = f"{rows.shared_text(page, picture.fan_out)}; {rows.pointers_text(page)}"
        lines.append(style(f"  {page.name:18} {what}", fg=_COLOUR[page.kind]))
    return "\n".join(lines) + "\n"


def _top(picture: Picture, kinds: dict[str, Kind], style: Style) -> Iterator[str]:
    first, folded, last = rows.fold(picture.top, rows.MOST_MIDS)
    for run in first:
        yield from _mid(picture, run, kinds, style)
    if folded:
        yield f"  …         {len(folded)} more ranges: {rows.mids_text(folded)}"
    for run in last:
        yield from _mid(picture, run, kinds, style)


def _mid(picture: Picture, run: MidRun, kinds: dict[str, Kind], style: Style) -> Iterator[str]:
    mid = picture.fan_out**2
    where = rows.span_text(run.first * mid, (run.first + run.count) * mid)
    text = f"  {rows.slots_text(run.first, run.count):9} {rows.mid_text(run):28} {where}"
    yield style(text, fg=_COLOUR[kinds[run.shared]]) if run.shared else text
    first, folded, last = rows.fold(run.leaves, rows.MOST_LEAVES)
    start = run.first * mid
    yield from _leaves(picture, first, start, kinds, style)
    if folded:
        yield f"      …         {len(folded)} more ranges: {rows.leaves_text(folded)}"
    yield from _leaves(picture, last, start, kinds, style)


def _leaves(
    picture: Picture, runs: Sequence[LeafRun], start: int, kinds: dict[str, Kind], style: Style
) -> Iterator[str]:
    for run in runs:
        pfn = start + run.first * picture.fan_out
        text = f"      {rows.slots_text(run.first, run.count):9} {rows.leaf_text(run):28} PFN {pfn:#x}"
        if rows.is_mixed(run):
            yield text
            yield from _pieces(run.pieces, pfn, style)
        else:
            yield style(text, fg=_COLOUR[kinds[run.shared] if run.shared else run.pieces[0].kind])


def _pieces(pieces: Sequence[Piece], start: int, style: Style) -> Iterator[str]:
    first, folded, last = rows.fold(pieces, rows.MOST_PIECES)
    yield from (_piece(piece, start, style) for piece in first)
    if folded:
        yield f"            …  {len(folded)} more ranges: {rows.counts_text(rows.kinds_of(folded))}"
    yield from (_piece(piece, start, style) for piece in last)


def _piece(piece: Piece, start: int, style: Style) -> str:
    where = rows.pfns_text(start + piece.first, piece.count)
    return style(f"            {where}  {rows.times(piece.count, piece.kind.value)}", fg=_COLOUR[piece.kind])
