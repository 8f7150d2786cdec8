"""Machines and actions, drawn at random: with a liking for the edges of leaves, of mid pages, and of what there is."""

from __future__ import annotations

import msgspec

from patcher.prove.actions import Fill, MarkIdentity, PutForeign, Release, SetRange, Update
from patcher.prove.choices import Source
from patcher.prove.context import Context
from patcher.prove.scenario import ACPI, NVS, RAM, RESERVED, UNUSABLE, Machine, Region

ORDER = 24
LIST, BALLOON, FOREIGN = 0x400000, 0xE00000, 0x3F0000  # MFNs: of the list, of frames filled in, of other domains
APART = 0x200000
MOST_REGIONS = 128  # that a map of the hypervisor has: E820MAX
TAILS = (0, 1, 0x1234, 0x777777, 2**32 - 2)


def near(source: Source, value: int, by: int = 3) -> int:
    """A number not far from ``value``."""
    return source.integer(max(0, value - by), value + by)


def size(source: Source, context: Context, smallest: int = 160) -> int:
    """``nr_pages``: small, about whole leaves, about a whole mid page; on 32 bits past the largest domain, too."""
    leaf, mid, most = context.per_page, context.per_page**2, context.facts["max_domain_pages"]
    if source.integer(0, 19) == 19:
        edges = (mid, mid, most) if most <= 3 * mid else (mid, mid)
        number = source.integer(0, len(edges) - 1)
        return max(near(source, edges[number], 3 if number else 2 * leaf), smallest)
    found = source.one_of(
        lambda: source.integer(smallest, 4 * leaf),
        lambda: near(source, source.integer(1, 12) * leaf),
        lambda: source.integer(smallest, 4 * leaf),
        lambda: source.integer(1, 6) * leaf,
    )
    return max(found, smallest)


def machine(source: Source, context: Context, smallest: int = 160, initial: bool | None = None) -> Machine:
    """A domain at boot."""
    pages = size(source, context, smallest)
    runs: list[tuple[int, int, int]] = []
    left, pfn = pages, 0
    for number in range(source.integer(1, 3)):
        count = left if number == 2 or not source.boolean() else source.integer(1, left)
        same = pages < APART // 2 and source.integer(0, 4) == 4
        runs.append((count, pfn if same else LIST + number * APART, 1))  # PFN and MFN may be the same by chance
        left, pfn = left - count, pfn + count
        if not left:
            break
    if left:
        runs.append((left, LIST + 3 * APART, 1))
    return Machine(
        nr_pages=pages,
        initial=source.boolean() if initial is None else initial,
        frames=tuple(runs),
        tail=source.choice(TAILS),
        order=ORDER,
        arena=0x10,
    )


def whole(source: Source, context: Context, smallest: int = 160, initial: bool | None = None) -> Machine:
    """A domain whose last leaf is full: what lies behind the list is a property of its own, 3-last-leaf."""
    found = machine(source, context, smallest, initial)
    pages = found.nr_pages + -found.nr_pages % context.per_page
    *others, (count, mfn, step) = found.frames
    grown = (*others, (count + pages - found.nr_pages, mfn, step))
    return msgspec.structs.replace(found, nr_pages=pages, frames=grown)


def crowded(source: Source, context: Context) -> Machine:
    """A domain as large as the kernel is built for, with as many regions as a map has room for, each far from the
    others: the worst case for early pages."""
    most, mid = context.facts["max_domain_pages"], context.per_page**2
    pages = source.integer(1, most // mid) * mid if source.boolean() else most
    regions: list[Region] = [(0, 0x9F000, RAM), (0x100000, pages * 4096 - 0x100000, RAM)]
    at = pages * 4096 + source.integer(0, 0x300) * 4096
    apart = source.choice((mid, mid, context.per_page, mid + 7, 3 * context.per_page + 1)) * 4096
    length = source.choice((apart // 2 & -4096, 0x1000, 0x3000, apart - 0x2000))
    kinds = source.choice(((RAM,), (RAM, RESERVED), (RESERVED, ACPI)))
    for number in range(source.integer(0, 120)):
        regions.append((at + 0x5000, length, kinds[number % len(kinds)]))
        at += apart
    return Machine(pages, source.boolean(), (), e820=tuple(regions), arena=0x100, order=ORDER)


def costliest(source: Source, context: Context) -> Machine:
    """A full map whose regions each begin inside one leaf and end inside another, all in mid pages of their own, behind
    a domain as large as the kernel is built for: no end of a range shares a page with another one."""
    leaf, mid = context.per_page, context.per_page**2
    most = min(context.facts["max_domain_pages"], context.limit - 2 * MOST_REGIONS * mid)
    pages = most - source.choice((leaf // 2, 1, 0))
    first, length = source.integer(1, mid // leaf // 2) * leaf + 1, mid + source.integer(1, leaf // 2)
    base = -(-most // mid)
    starts = (((base + 2 * number) * mid + first) * 4096 for number in range(MOST_REGIONS - 1))
    regions: tuple[Region, ...] = ((0, pages * 4096, RAM), *((start, length * 4096, RAM) for start in starts))
    return Machine(pages, source.boolean(), (), e820=regions, arena=0x100, order=ORDER)


def pfn(source: Source, context: Context, machine: Machine) -> int:
    """A PFN below the end of the tree, outside of the pages that the run itself lives in."""
    leaf, mid, limit = context.per_page, context.per_page**2, context.limit
    found = source.one_of(
        lambda: near(source, machine.nr_pages),
        lambda: source.integer(0, machine.nr_pages + 2 * leaf),
        lambda: near(source, source.integer(0, 12) * leaf),
        lambda: near(source, source.integer(0, 5) * mid),
        lambda: near(source, limit - 4),
        lambda: source.integer(0, limit - 1),
    )
    found = min(found, limit - 1)
    first, end = taken(context, machine)
    return end + found if first <= found < end else found


def taken(context: Context, machine: Machine) -> tuple[int, int]:
    """The PFNs of the pages that the builder's list and the allocations are in: not to be released or replaced."""
    listed = -(-machine.nr_pages // context.per_page)
    mids = -(-machine.nr_pages // context.per_page**2)
    return machine.arena, machine.arena + listed + 1 + 2 * (machine.heap + 30 + 2 * mids)


def balloon_mfn(source: Source) -> int:
    """A frame that the balloon may get."""
    return source.integer(BALLOON, BALLOON + 0xFFFFF)


def fill(source: Source, context: Context, machine: Machine) -> Fill:
    """A frame that is put in somewhere."""
    return Fill(pfn(source, context, machine), balloon_mfn(source))


def update(source: Source, context: Context, machine: Machine) -> Update:
    """What happens to a running domain."""

    def foreign() -> Update:
        return PutForeign(pfn(source, context, machine), source.integer(FOREIGN, FOREIGN + 0xFFF))

    def filled() -> Update:
        return fill(source, context, machine)

    kinds = [filled, filled, lambda: Release(pfn(source, context, machine)), foreign]
    if context.facts["identity_mark"]:
        kinds.append(lambda: MarkIdentity(pfn(source, context, machine)))
    return source.one_of(*kinds)


def once(actions: tuple[Update, ...]) -> tuple[Update, ...]:
    """Each frame in one place only: the second action with the same MFN is left out."""
    seen: set[int] = set()
    kept = []
    for action in actions:
        if isinstance(action, Fill | PutForeign):
            if action.mfn in seen:
                continue
            seen.add(action.mfn)
        kept.append(action)
    return tuple(kept)


def extent(source: Source, context: Context, machine: Machine) -> tuple[int, int]:
    """A range of PFNs of any start, length and alignment, outside of what the run lives in."""
    leaf, mid, limit = context.per_page, context.per_page**2, context.limit
    floor = taken(context, machine)[1]
    start = source.one_of(
        lambda: source.integer(floor, floor + 3 * leaf), lambda: max(pfn(source, context, machine), floor)
    )
    length = source.one_of(
        lambda: source.integer(0, 5),
        lambda: source.integer(0, 3 * leaf),
        lambda: near(source, source.integer(1, 3) * leaf),
        lambda: near(source, source.integer(1, 3) * mid),
        lambda: source.integer(1, 40) * mid,
        lambda: source.integer(0, limit),
    )
    return start, min(start + length, limit)


def identity(source: Source, context: Context, machine: Machine) -> SetRange:
    """A range to be made identity."""
    return SetRange("identity", *extent(source, context, machine))


def set_range(source: Source, context: Context, machine: Machine) -> SetRange:
    """A range to be made identity, or missing where the tree can do that."""
    start, end = extent(source, context, machine)
    missing = "missing" in context.facts.calls and source.integer(0, 2) == 2
    return SetRange("missing" if missing else "identity", start, end)


def memory_map(source: Source, context: Context, pages: int) -> tuple[Region, ...]:
    """A raw E820: low memory, RAM enough for the run above 1 MiB, and then anything."""
    floor = (0x300 + 2 * (pages // context.per_page)) * 4096
    low_end = source.choice((0x9F000, 0x9FC00, 0x90000, 0xA0000))
    regions: list[Region] = [(0, low_end, RAM)]
    if source.boolean():
        regions.append((low_end, 0xA0000 - low_end, RESERVED))
    if source.boolean():
        regions.append((0xF0000, 0x10000, RESERVED))
    at = floor + source.integer(0, 0x400) * 4096 + source.choice((0, 0, 0, 0x400, 0xFFF))
    regions.append((0x100000, at - 0x100000, RAM))
    for gap, size, kind in source.several(lambda: _region(source), 0, 8):
        at = max(floor, at + gap)
        regions.append((at, size, kind))
        at += size
    if source.boolean():
        regions.append((at, pages * 4096, RAM))
        at += pages * 4096
    if source.integer(0, 4) == 4:  # the map may end inside a page
        regions.append((at, 0x1234, RESERVED))
    if source.integer(0, 9) == 9:
        regions.append((0xFEE00000, 0x1000, RESERVED))
    if source.integer(0, 2) == 2:
        regions = source.shuffled(regions)
    if source.integer(0, 5) == 5:  # the highest one first
        regions.insert(0, regions.pop(max(range(len(regions)), key=lambda number: regions[number][0])))
    if source.integer(0, 2) == 2:  # past what there can be, also as the first one
        far = source.choice(((2**52, 0x100000, RESERVED), (2**64 - 0x3000, 0x1000, RESERVED)))
        regions.insert(source.choice((0, len(regions))), far)
    return tuple(regions)


def _region(source: Source) -> Region:
    """A region as (bytes after the one before, bytes, type)."""
    gap = source.one_of(
        lambda: 0, lambda: source.integer(0, 0x40) * 4096, lambda: (source.integer(0, 0x60) - 0x20) * 4096,
        lambda: source.integer(0, 0x3003) - 3, lambda: source.integer(0, 0x400) * 0x100000, lambda: 2**30,
    )  # fmt: skip
    size = source.one_of(
        lambda: 0, lambda: source.integer(0, 0x40) * 4096, lambda: source.integer(1, 0x3000),
        lambda: source.integer(0, 0x100) * 0x100000, lambda: source.integer(1, 4) * 2**30,
    )  # fmt: skip
    return gap, size, source.choice((RAM, RAM, RAM, RESERVED, ACPI, NVS, UNUSABLE))
