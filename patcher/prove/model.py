"""What the scheme says a lookup must answer. No word of the code under test is used here.

The source is the design of the identity scheme: the table "Before and after" and the properties 1 to 12, which go back
to the RFC of 21 December 2010. A PFN is, at any time, one of: RAM (it has an MFN), missing, identity, foreign.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from patcher.prove.scenario import RAM, UNUSABLE, Machine, Region

PAGE = 4096


class Ram(NamedTuple):
    """A frame of the domain's own; also where its number is the PFN's (property 2)."""

    mfn: int


class Foreign(NamedTuple):
    """Another domain's frame, put into the P2M on purpose."""

    mfn: int


class Missing(NamedTuple):
    """No frame: ballooned out, or past the end of the tree."""


class Identity(NamedTuple):
    """The PFN is its MFN."""


Meaning = Ram | Foreign | Missing | Identity


class P2M:
    """The meaning of every PFN. Later words override earlier ones; a PFN nothing was said of is void.

    Arguments:
        machine: the builder's list says what PFNs below ``nr_pages`` are
        limit: one past the last PFN the tree can hold; beyond, everything is missing
        void: what a void PFN means
        most: the largest domain the kernel is built for, in pages: the list is not read beyond
        leaf: entries in a leaf; the rest of the list's last one is missing (property 3)
    """

    def __init__(self, machine: Machine, limit: int, void: Meaning, most: int, leaf: int) -> None:
        self.machine, self.limit, self.void = machine, limit, void
        self._most, self._leaf = most, leaf
        self.given = min(machine.nr_pages, most)
        self.listed = self.given + -self.given % leaf
        self._said: list[tuple[int, int, Meaning]] = []

    def say(self, start: int, end: int, meaning: Meaning) -> None:
        """From now on PFNs in [start, end) mean this. For RAM, the MFN is the first PFN's."""
        self._said.append((start, end, meaning))

    def copy(self) -> P2M:
        """The meanings as they are now."""
        found = P2M(self.machine, self.limit, self.void, self._most, self._leaf)
        found._said = list(self._said)
        return found

    def renumber(self, key: int) -> None:
        """All frames of the domain's own get numbers that are ``key`` higher."""
        edges = [*sorted(edge for edge in self.edges() if edge < self.limit), self.limit]
        kinds = [(first, last, self.meaning(first)) for first, last in pairwise(edges)]
        self._said = [
            (first, last, Ram(meaning.mfn + key) if isinstance(meaning, Ram) else meaning)
            for first, last, meaning in kinds
        ]

    def meaning(self, pfn: int) -> Meaning:
        """What the PFN is."""
        if pfn >= self.limit:
            return Missing()
        for start, end, meaning in reversed(self._said):
            if start <= pfn < end:
                return Ram(meaning.mfn + pfn - start) if isinstance(meaning, Ram) else meaning
        frame = self.machine.frame(pfn) if pfn < self.given else None
        if frame is not None:
            return Ram(frame)
        return Missing() if pfn < self.listed else self.void

    def edges(self) -> set[int]:
        """The PFNs where the meaning may change."""
        ends = {0, self.given, self.listed, self.limit}
        at = 0
        for count, _, _ in self.machine.frames:
            at += count
            ends.add(min(at, self.given))
        return ends | {edge for start, end, _ in self._said for edge in (start, end)}


class Walk(NamedTuple):
    """What the raw E820 (property 11) makes of pages: PFN ranges [start, end), in order, that may overlap.

    ``devices`` must be identity: each page of which any byte, below the end of the last region, lies in a gap or in a
    region that is neither RAM nor unusable. ``both`` have a byte that is in RAM and in such a region: the kernel's own
    sanitize_e820_map() takes the higher type, which is not RAM. ``unclear`` have one that is in unusable memory and in
    such a region. All others are not identity: unusable memory is no device.
    """

    devices: tuple[tuple[int, int], ...]
    both: tuple[tuple[int, int], ...]
    unclear: tuple[tuple[int, int], ...]


def walk(regions: Sequence[Region]) -> Walk:
    """Regions in any order, overlapping or empty, as the hypervisor gives them."""
    kept = [(addr, min(addr + size, 2**64), kind) for addr, size, kind in regions if size]
    cuts = sorted({0, *(edge for addr, end, _ in kept for edge in (addr, end))})
    devices: list[tuple[int, int]] = []
    both: list[tuple[int, int]] = []
    unclear: list[tuple[int, int]] = []
    for start, end in pairwise(cuts):
        kinds = {kind for addr, stop, kind in kept if addr <= start < stop}
        pages = (start // PAGE, -(-end // PAGE))
        if not kinds or kinds.isdisjoint((RAM, UNUSABLE)):
            devices.append(pages)
        elif kinds - {RAM, UNUSABLE}:
            (unclear if UNUSABLE in kinds else both).append(pages)
    return Walk(tuple(devices), tuple(both), tuple(unclear))


def inside(pfn: int, ranges: Iterable[tuple[int, int]]) -> bool:
    """Whether one of the ranges [start, end) holds the PFN."""
    return any(start <= pfn < end for start, end in ranges)
