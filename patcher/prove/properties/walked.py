"""A domain that has walked its memory map, and what the raw map makes of each of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from patcher.prove import steps
from patcher.prove.answers import Facts
from patcher.prove.context import Context
from patcher.prove.history import Mismatch, Script
from patcher.prove.model import inside, walk
from patcher.prove.scenario import BOOT, UNUSABLE, Machine, Region


class Walked(NamedTuple):
    """A domain that has walked its map: ``balloon`` are its PFNs [start, end) as the tree sets them up."""

    context: Context
    machine: Machine
    script: Script
    facts: Facts
    balloon: tuple[int, int]

    @property
    def given(self) -> int:
        """How many frames of the builder's list the kernel reads."""
        return min(self.machine.nr_pages, self.facts["max_domain_pages"])

    @property
    def regions(self) -> tuple[Region, ...]:
        """Those that have a byte that page tables can name. What is past that is
        nothing, and no gap must lead to it."""
        physical = 1 << self.facts["mask_shift"]
        return tuple(each for each in self.machine.e820 if each[1] and each[0] < physical)

    @property
    def last(self) -> int:
        """One past the last byte of the map."""
        return max(addr + size for addr, size, _ in self.regions)

    @property
    def listed(self) -> int:
        """One past the last PFN of the list's last page."""
        return self.machine.nr_pages + -self.machine.nr_pages % self.context.per_page


def _walk(context: Context, machine: Machine) -> Walked | Mismatch:
    script = Script(context, machine)
    script.do(*BOOT, steps.Memory())
    asked = script.ask(steps.Facts())
    script.do(steps.Booted())
    scenario, outcome = script.play()
    if not outcome.done:
        wrong = script.compare(scenario, outcome)
        assert wrong is not None
        return wrong
    facts = outcome.of(asked)
    start, size = facts["extra_start"], facts["extra_size"]
    return Walked(context, machine, script, facts, (-(-start // 4096), (start + size) // 4096))


def after_walk(demand: Callable[[Walked], Mismatch | None]) -> Callable[[Context, Machine], Mismatch | None]:
    """A check of a machine: boot it, and judge what ``demand`` adds to its script, or finds by itself."""

    def check(context: Context, machine: Machine) -> Mismatch | None:
        walked = _walk(context, machine)
        if isinstance(walked, Mismatch):
            return walked
        found = demand(walked)
        return walked.script.judge() if walked.script.demands else found

    return check


class What(Enum):
    """What the raw map makes of a page."""

    DEVICE = "in a gap, or a region of devices"
    GIVEN = "RAM that the domain has"
    UNUSABLE = "likewise, but Xen says it has errors"
    NOT_GIVEN = "RAM of the machine that the domain was not given"
    BOTH = "RAM and a device's region"
    REST = "the map ends in the middle of it, and what is there of RAM was not given"


class Page(NamedTuple):
    """A page of the map; ``mfn``: of what the domain has."""

    pfn: int
    what: What
    mfn: int = 0


def pages(walked: Walked, what: What) -> Iterator[Page]:
    """Such pages around each edge of the map, but for the balloon's, and for those left open."""
    return (page for page in _all_pages(walked) if page.what is what)


def _all_pages(walked: Walked) -> Iterator[Page]:
    context, machine, _, facts, balloon = walked
    found = walk(walked.regions)
    sure = list(found.devices)
    if machine.initial:
        sure.append((facts["isa_start"] // 4096, facts["isa_end"] // 4096))
    last = walked.last
    end = last // 4096
    unclear = [*found.unclear, (end, context.limit)]  # given past the end of the map: no region, and no gap
    bad = [(addr // 4096, -(-(addr + size) // 4096)) for addr, size, kind in machine.e820 if size and kind == UNUSABLE]
    given = walked.given
    edges = {given, *(edge for each in (*sure, *found.both, *unclear) for edge in each)}
    edges.update(edge for addr, size, _ in machine.e820 for edge in (addr // 4096, (addr + size) // 4096))
    points = {edge + delta for edge in edges for delta in (-2, -1, 0, 1)}
    points |= {(start + end) // 2 for start, end in sure}
    for pfn in sorted(each for each in points if 0 <= each < context.limit):
        if balloon[0] <= pfn < balloon[1]:
            continue
        if inside(pfn, sure):
            yield Page(pfn, What.DEVICE)
        elif inside(pfn, found.both):
            yield Page(pfn, What.BOTH)
        elif pfn == end and last % 4096 and pfn >= given and not inside(pfn, (*found.unclear, *bad)):
            yield Page(pfn, What.REST)
        elif not inside(pfn, unclear):
            frame = machine.frame(pfn) if pfn < given else None
            if frame is not None:
                yield Page(pfn, What.UNUSABLE if inside(pfn, bad) else What.GIVEN, frame)
            elif not inside(pfn, bad):
                yield Page(pfn, What.NOT_GIVEN)
