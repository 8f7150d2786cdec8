"""Pictures of a P2M that are no tree's: a laptop's, and any that there could be."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from patcher.prove.picture import Kind, LeafRun, MidRun, Pages, Picture, Piece, Shared
from patcher.prove.scenario import RAM, RESERVED, Region

NAMES = (("p2m_missing", Kind.MISSING), ("p2m_identity", Kind.IDENTITY))


def picture(top: Sequence[MidRun], fan: int = 512, regions: tuple[Region, ...] = ((0, 1 << 30, RAM),)) -> Picture:
    shared = (
        Shared("p2m_missing", "leaf", Kind.MISSING, 3, ""), Shared("p2m_identity", "leaf", Kind.IDENTITY, 0, ""),
        Shared("p2m_mid_missing", "mid", Kind.MISSING, 1, "p2m_missing"),
        Shared("p2m_mid_identity", "mid", Kind.IDENTITY, 508, "p2m_identity"),
    )  # fmt: skip
    pages = Pages(brk=22, reserved=1057, mids=4, leaves=1, shared=4, tools=8, listed=1500, list=1947)
    return Picture("x86_64", fan, True, 1 << 28, 1 << 25, regions, (1 << 25, 1 << 26), tuple(top), shared, pages)


def runs(total: int, lengths: Sequence[int]) -> list[tuple[int, int]]:
    """(first, count) of neighbours that fill ``total``."""
    found, at = [], 0
    for length in lengths:
        if at + length < total:
            found.append((at, length))
            at += length
    return [*found, (at, total - at)]


@st.composite
def leaf(draw, fan: int, first: int, count: int) -> LeafRun:  # type: ignore[no-untyped-def]
    if draw(st.booleans()):
        name, kind = draw(st.sampled_from(NAMES))
        return LeafRun(first, count, name, False, (Piece(0, fan, kind),))
    if count > 1:
        return LeafRun(first, count, "", draw(st.booleans()), (Piece(0, fan, draw(st.sampled_from(Kind))),))
    kinds = draw(st.permutations(list(Kind)))
    lengths = draw(st.lists(st.integers(1, fan // 8), max_size=60))
    pieces = tuple(Piece(at, size, kinds[n % 5]) for n, (at, size) in enumerate(runs(fan, lengths)))
    return LeafRun(first, 1, "", draw(st.booleans()), pieces)


@st.composite
def pictures(draw, most: int = 1024) -> Picture:  # type: ignore[no-untyped-def]
    """Any picture. ``most``: how many mid pages of their own may stand together."""
    fan = draw(st.sampled_from((512, 1024)))
    top = []
    for first, count in runs(fan, draw(st.lists(st.integers(1, fan // 2), max_size=40))):
        if count > most or draw(st.booleans()):
            top.append(MidRun(first, count, draw(st.sampled_from(("p2m_mid_missing", "p2m_mid_identity"))), ()))
            continue
        slots = runs(fan, draw(st.lists(st.sampled_from((1, 1, 2, 50, 300)), max_size=25)))
        top.append(MidRun(first, count, "", tuple(draw(leaf(fan, at, size)) for at, size in slots)))
    sizes = draw(st.lists(st.integers(0, 1 << 44), min_size=1, max_size=30))
    regions = tuple((at << 12, size, draw(st.sampled_from((RAM, RESERVED, 5)))) for at, size in enumerate(sizes))
    return picture(top, fan, regions)


def laptop() -> Picture:
    mixed = (Piece(0, 157, Kind.RAM), Piece(157, 99, Kind.IDENTITY), Piece(256, 256, Kind.RAM))
    whole = (Piece(0, 512, Kind.RAM),)
    first = MidRun(0, 1, "", (LeafRun(0, 1, "", True, mixed), LeafRun(1, 511, "", True, whole)))
    return picture([first, MidRun(1, 2, "", (LeafRun(0, 512, "", True, whole),)), MidRun(3, 1, "p2m_mid_missing", ()),
                    MidRun(4, 508, "p2m_mid_identity", ())])  # fmt: skip
