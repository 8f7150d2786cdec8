"""Machines and actions, drawn at random: with a liking for the edges of leaves, of mid pages, and of what there is."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from patcher.prove.history import Action, Context
from patcher.prove.scenario import ACPI, NVS, RAM, RESERVED, UNUSABLE, Machine, Region

ORDER = 24
LIST, BALLOON, FOREIGN = 0x400000, 0xE00000, 0x3F0000  # MFNs: of the list, of frames filled in, of other domains
APART = 0x200000
MOST_REGIONS = 128  # that a map of the hypervisor has: E820MAX
KEYS = st.integers(1, 0x100000)
TAILS = st.sampled_from((0, 1, 0x1234, 0x777777, 2**32 - 2))


def near(value: int, by: int = 3) -> st.SearchStrategy[int]:
    return st.integers(max(0, value - by), value + by)


def sizes(context: Context, smallest: int = 160) -> st.SearchStrategy[int]:
    """``nr_pages``: small, about whole leaves, about a whole mid page; on 32 bits past the largest domain, too."""
    leaf, mid, most = context.per_page, context.per_page**2, context.facts["max_domain_pages"]
    kinds = [
        st.integers(smallest, 4 * leaf),
        st.integers(1, 12).flatmap(lambda leaves: near(leaves * leaf)),
        st.integers(smallest, 4 * leaf),
        st.integers(1, 6).map(lambda leaves: leaves * leaf),
    ]
    rare = [near(mid, 2 * leaf), near(mid)]
    if most <= 3 * mid:
        rare.append(near(most))
    return st.integers(0, 19).flatmap(
        lambda n: (st.one_of(rare) if n == 19 else st.one_of(kinds)).map(lambda size: max(size, smallest))
    )


@st.composite
def machines(draw: Any, context: Context, smallest: int = 160, initial: bool | None = None) -> Machine:
    """A domain at boot."""
    pages = draw(sizes(context, smallest))
    runs: list[tuple[int, int, int]] = []
    left, pfn = pages, 0
    for number in range(draw(st.integers(1, 3))):
        count = left if number == 2 else draw(st.one_of(st.just(left), st.integers(1, left)))
        same = pages < APART // 2 and draw(st.integers(0, 4)) == 4
        runs.append((count, pfn if same else LIST + number * APART, 1))  # PFN and MFN may be the same by chance
        left, pfn = left - count, pfn + count
        if not left:
            break
    if left:
        runs.append((left, LIST + 3 * APART, 1))
    return Machine(
        nr_pages=pages,
        initial=draw(st.booleans()) if initial is None else initial,
        frames=tuple(runs),
        tail=draw(TAILS),
        order=ORDER,
        arena=0x10,
    )


def wholes(context: Context, smallest: int = 160, initial: bool | None = None) -> st.SearchStrategy[Machine]:
    """Domains whose last leaf is full: what lies behind the list is a property of its own, 3-last-leaf."""

    def whole(machine: Machine) -> Machine:
        pages = machine.nr_pages + -machine.nr_pages % context.per_page
        *others, (count, mfn, step) = machine.frames
        grown = (*others, (count + pages - machine.nr_pages, mfn, step))
        return Machine(pages, machine.initial, grown, machine.tail, order=machine.order, arena=machine.arena)

    return machines(context, smallest, initial).map(whole)


@st.composite
def crowded(draw: Any, context: Context) -> Machine:
    """A domain as large as the kernel is built for, with as many regions as a map has room for, each far from the
    others: the worst case for early pages."""
    most, mid = context.facts["max_domain_pages"], context.per_page**2
    size = draw(st.one_of(st.just(most), st.integers(1, most // mid).map(lambda mids: mids * mid)))
    regions: list[Region] = [(0, 0x9F000, RAM), (0x100000, size * 4096 - 0x100000, RAM)]
    at = size * 4096 + draw(st.integers(0, 0x300)) * 4096
    apart = draw(st.sampled_from((mid, mid, context.per_page, mid + 7, 3 * context.per_page + 1))) * 4096
    length = draw(st.sampled_from((apart // 2 & -4096, 0x1000, 0x3000, apart - 0x2000)))
    kinds = draw(st.sampled_from(((RAM,), (RAM, RESERVED), (RESERVED, ACPI))))
    for number in range(draw(st.integers(0, 120))):
        regions.append((at + 0x5000, length, kinds[number % len(kinds)]))
        at += apart
    return Machine(size, draw(st.booleans()), (), e820=tuple(regions), arena=0x100, order=ORDER)


@st.composite
def costliest(draw: Any, context: Context) -> Machine:
    """A full map whose regions each begin inside one leaf and end inside another, all in mid pages of their own, behind
    a domain as large as the kernel is built for: no end of a range shares a page with another one."""
    leaf, mid = context.per_page, context.per_page**2
    most = min(context.facts["max_domain_pages"], context.limit - 2 * MOST_REGIONS * mid)
    size = most - draw(st.sampled_from((leaf // 2, 1, 0)))
    first, length = draw(st.integers(1, mid // leaf // 2)) * leaf + 1, mid + draw(st.integers(1, leaf // 2))
    base = -(-most // mid)
    starts = (((base + 2 * number) * mid + first) * 4096 for number in range(MOST_REGIONS - 1))
    regions: tuple[Region, ...] = ((0, size * 4096, RAM), *((start, length * 4096, RAM) for start in starts))
    return Machine(size, draw(st.booleans()), (), e820=regions, arena=0x100, order=ORDER)


def pfns(context: Context, machine: Machine) -> st.SearchStrategy[int]:
    """A PFN below the end of the tree, outside of the pages that the run itself lives in."""
    leaf, mid, limit = context.per_page, context.per_page**2, context.limit
    top = st.integers(0, limit - 1)
    kinds = st.one_of(
        near(machine.nr_pages),
        st.integers(0, machine.nr_pages + 2 * leaf),
        st.integers(0, 12).flatmap(lambda n: near(n * leaf)),
        st.integers(0, 5).flatmap(lambda n: near(n * mid)),
        near(limit - 4, 3),
        top,
    )
    first, end = taken(context, machine)
    return kinds.map(lambda pfn: min(pfn, limit - 1)).map(lambda pfn: pfn if not first <= pfn < end else end + pfn)


def taken(context: Context, machine: Machine) -> tuple[int, int]:
    """The PFNs of the pages that the builder's list and the allocations are in: not to be released or replaced."""
    listed = -(-machine.nr_pages // context.per_page)
    mids = -(-machine.nr_pages // context.per_page**2)
    return machine.arena, machine.arena + listed + 1 + 2 * (machine.heap + 30 + 2 * mids)


def fills(context: Context, machine: Machine) -> st.SearchStrategy[Action]:
    return st.tuples(st.just("fill"), pfns(context, machine), st.integers(BALLOON, BALLOON + 0xFFFFF))


def updates(context: Context, machine: Machine) -> st.SearchStrategy[Action]:
    """What happens to a running domain."""
    pfn = pfns(context, machine)
    kinds: list[st.SearchStrategy[Action]] = [
        fills(context, machine),
        fills(context, machine),
        st.tuples(st.just("release"), pfn),
        st.tuples(st.just("foreign"), pfn, st.integers(FOREIGN, FOREIGN + 0xFFF)),
    ]
    if context.facts["identity_mark"]:
        kinds.append(st.tuples(st.just("mark"), pfn))
    return st.one_of(kinds)


def once(actions: list[Action]) -> list[Action]:
    """Each frame in one place only: the second action with the same MFN is left out."""
    seen: set[object] = set()
    kept = []
    for action in actions:
        if action[0] in ("fill", "foreign"):
            if action[2] in seen:
                continue
            seen.add(action[2])
        kept.append(action)
    return kept


@st.composite
def ranges(draw: Any, context: Context, machine: Machine) -> Action:
    """A range to be made identity, or missing where the tree can do that: any start, length and alignment, outside of
    what the run lives in."""
    leaf, mid, limit = context.per_page, context.per_page**2, context.limit
    floor = taken(context, machine)[1]
    start = draw(st.one_of(st.integers(floor, floor + 3 * leaf), pfns(context, machine)))
    start = max(start, floor)
    length = draw(
        st.one_of(
            st.integers(0, 5),
            st.integers(0, 3 * leaf),
            st.integers(1, 3).flatmap(lambda n: near(n * leaf)),
            st.integers(1, 3).flatmap(lambda n: near(n * mid)),
            st.integers(1, 40).map(lambda n: n * mid),
            st.integers(0, limit),
        )
    )
    kinds = ("identity", "identity", "missing") if "missing" in context.facts.calls else ("identity",)
    return (draw(st.sampled_from(kinds)), start, min(start + length, limit))


@st.composite
def maps(draw: Any, context: Context, pages: int) -> tuple[Region, ...]:
    """A raw E820: low memory, RAM enough for the run above 1 MiB, and then anything."""
    floor = (0x300 + 2 * (pages // context.per_page)) * 4096
    low_end = draw(st.sampled_from((0x9F000, 0x9FC00, 0x90000, 0xA0000)))
    regions: list[Region] = [(0, low_end, RAM)]
    if draw(st.booleans()):
        regions.append((low_end, 0xA0000 - low_end, RESERVED))
    if draw(st.booleans()):
        regions.append((0xF0000, 0x10000, RESERVED))
    at = floor + draw(st.integers(0, 0x400)) * 4096 + draw(st.sampled_from((0, 0, 0, 0x400, 0xFFF)))
    regions.append((0x100000, at - 0x100000, RAM))
    for _ in range(draw(st.integers(0, 8))):
        at = max(floor, at + draw(_gaps))
        size = draw(_lengths)
        kind = draw(st.sampled_from((RAM, RAM, RAM, RESERVED, ACPI, NVS, UNUSABLE)))
        regions.append((at, size, kind))
        at += size
    if draw(st.booleans()):
        regions.append((at, pages * 4096, RAM))
        at += pages * 4096
    if draw(st.integers(0, 4)) == 4:  # the map may end inside a page
        regions.append((at, 0x1234, RESERVED))
    if draw(st.integers(0, 9)) == 9:
        regions.append((0xFEE00000, 0x1000, RESERVED))
    if draw(st.integers(0, 2)) == 2:
        regions = list(draw(st.permutations(regions)))
    if draw(st.integers(0, 5)) == 5:  # the highest one first
        regions.insert(0, regions.pop(max(range(len(regions)), key=lambda number: regions[number][0])))
    if draw(st.integers(0, 2)) == 2:  # past what there can be, also as the first one
        far = draw(st.sampled_from(((2**52, 0x100000, RESERVED), (2**64 - 0x3000, 0x1000, RESERVED))))
        regions.insert(draw(st.sampled_from((0, len(regions)))), far)
    return tuple(regions)


def real_maps(context: Context) -> st.SearchStrategy[tuple[Region, ...]]:
    """The maps that the user gave."""
    return st.sampled_from(context.maps)


_gaps = st.one_of(
    st.just(0), st.integers(0, 0x40).map(lambda n: n * 4096), st.integers(-0x20, 0x40).map(lambda n: n * 4096),
    st.integers(-3, 0x3000), st.integers(0, 0x400).map(lambda n: n * 0x100000), st.just(2**30),
)  # fmt: skip
_lengths = st.one_of(
    st.just(0), st.integers(0, 0x40).map(lambda n: n * 4096), st.integers(1, 0x3000),
    st.integers(0, 0x100).map(lambda n: n * 0x100000), st.integers(1, 4).map(lambda n: n * 2**30),
)  # fmt: skip
