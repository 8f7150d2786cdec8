"""The P2M of one machine as it is shown: tables in which neighbours that say the same are one run, so that a large
machine is no large picture."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import msgspec

from patcher.prove.scenario import RAM, Region

PAGE = 4096


class Kind(Enum):
    """What a lookup says. STRAY: whatever lies behind the builder's list, taken for an MFN."""

    RAM = "RAM"
    IDENTITY = "identity"
    MISSING = "missing"
    FOREIGN = "foreign"
    STRAY = "stray"


class Piece(msgspec.Struct, frozen=True):
    """``count`` entries of a leaf, from index ``first`` on, that mean the same."""

    first: int
    count: int
    kind: Kind


class LeafRun(msgspec.Struct, frozen=True):
    """Neighbouring slots of a mid page: they lead to one shared leaf, or each to a leaf of its own.

    Attributes:
        first, count: the slots
        shared: the name of the shared page, or ""
        listed: whether the leaves are pages of the builder's list; else the code allocated them
        pieces: the entries; for more than one leaf of its own the same in all
    """

    first: int
    count: int
    shared: str
    listed: bool
    pieces: tuple[Piece, ...]


class MidRun(msgspec.Struct, frozen=True):
    """Neighbouring slots of the top page: they lead to one shared mid page, or each to one of its own, all alike.

    ``leaves`` are the slots of the mid page.
    """

    first: int
    count: int
    shared: str
    leaves: tuple[LeafRun, ...]


class Shared(msgspec.Struct, frozen=True):
    """A page that many pointers lead to: how many of those drawn in the pages above it, and what it says.

    ``leads_to``: the name of the shared leaf that all slots of a mid page lead to, or "".
    """

    name: str
    level: str
    kind: Kind
    pointers: int
    leads_to: str


class Pages(msgspec.Struct, frozen=True):
    """Numbers of pages. ``brk`` of ``reserved`` were taken by extend_brk(): the top page, ``mids`` and ``leaves`` of
    their own, the ``shared`` ones, ``tools`` of the MFN tree, and what nothing leads to. ``listed`` of the ``list``
    of the domain builder are leaves in use."""

    brk: int
    reserved: int
    mids: int
    leaves: int
    shared: int
    tools: int
    listed: int
    list: int


class Picture(msgspec.Struct, frozen=True):
    """The tree for one machine.

    Attributes:
        fan_out: entries in a page of each level
        asked: pages the domain was to have; ``given``: those the kernel takes (MAX_DOMAIN_PAGES)
        regions: the memory map, (address, bytes, type)
        balloon: PFNs [start, end) that the balloon may fill
        top: the slots of the top page, all of them
    """

    arch: str
    fan_out: int
    initial: bool
    asked: int
    given: int
    regions: tuple[Region, ...]
    balloon: tuple[int, int]
    top: tuple[MidRun, ...]
    shared: tuple[Shared, ...]
    pages: Pages

    @property
    def limit(self) -> int:
        """One past the last PFN the tree can hold."""
        return self.fan_out**3


class Ended(NamedTuple):
    """The code under test did not come to the end: how, and at which source line as far as can be told."""

    what: str
    place: str


def pages_of_ram(regions: Sequence[Region]) -> int:
    """How many whole pages of RAM a map has: what an initial domain is given by default."""
    ends = merged([(-(-addr // PAGE), (addr + size) // PAGE) for addr, size, kind in regions if kind == RAM])
    return sum(end - start for start, end in ends)


def merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same [start, end) in order, those that touch or overlap as one, and none that is empty."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(each for each in ranges if each[0] < each[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def stretches(picture: Picture) -> list[tuple[int, int, Kind]]:
    """All PFNs of the tree in order, [start, end) and what they are; neighbours of one kind are one."""
    found: list[tuple[int, int, Kind]] = []
    kinds = {each.name: each.kind for each in picture.shared}
    leaf, mid = picture.fan_out, picture.fan_out**2

    def add(start: int, count: int, kind: Kind) -> None:
        if found and found[-1][2] is kind and found[-1][1] == start:
            start, count = found[-1][0], count + start - found.pop()[0]
        found.append((start, start + count, kind))

    for run in picture.top:
        if run.shared:
            add(run.first * mid, run.count * mid, kinds[run.shared])
            continue
        for slot in range(run.first, run.first + run.count):
            for leaves in run.leaves:
                at = slot * mid + leaves.first * leaf
                if len(leaves.pieces) == 1:
                    add(at, leaves.count * leaf, leaves.pieces[0].kind)
                    continue
                for piece in leaves.pieces:
                    add(at + piece.first, piece.count, piece.kind)
    return found
