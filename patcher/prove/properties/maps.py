"""Properties 3, 10 and 11, as far as they rest on the memory map: the E820 walk, and kinds of domains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from patcher.prove import generate, steps
from patcher.prove.answers import Facts, Run
from patcher.prove.choices import Source
from patcher.prove.context import Context
from patcher.prove.history import Mismatch, OneOf, Script
from patcher.prove.model import Identity, inside, walk
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Property
from patcher.prove.properties.ptes import flags_of
from patcher.prove.scenario import BOOT, ENOSYS, RAM, UNUSABLE, Machine, Region


class PlainDomain(msgspec.Struct, frozen=True):
    """A domain without devices, and PFNs and flags to try."""

    machine: Machine
    pfns: tuple[int, ...]
    flags: int


class Translated(msgspec.Struct, frozen=True):
    """An auto-translated guest, and a PFN to try."""

    machine: Machine
    pfn: int


def _mapped(source: Source, context: Context, initial: bool | None = None) -> Machine:
    size = source.one_of(
        lambda: source.integer(0x600, 0x3000), lambda: generate.near(source, 0x1000),
        lambda: generate.near(source, 2 * context.per_page**2, 9) if source.integer(0, 15) == 15
        else source.integer(0x600, 0x1800),
    )  # fmt: skip
    size = max(size, 0x400 + 3 * (size // context.per_page))
    return Machine(
        size, source.boolean() if initial is None else initial, ((size, 0x400000, 1),), source.choice(generate.TAILS),
        generate.memory_map(source, context, size), arena=0x100, order=generate.ORDER,
    )  # fmt: skip


def _real(context: Context, machine: Machine, pick: int) -> Machine:
    """The machine with a real map in the place of the random one, where there are any and it has room for the run."""
    if not context.maps or pick % 2:
        return machine
    chosen = context.maps[pick // 2 % len(context.maps)]
    size = machine.nr_pages
    first, end = 0x100 * 4096, (0x300 + 2 * (size // context.per_page)) * 4096
    if not any(kind == RAM and addr <= first and addr + length >= end for addr, length, kind in chosen):
        return machine
    return Machine(size, machine.initial, machine.frames, machine.tail, chosen, arena=0x100, order=generate.ORDER)


def any_map(source: Source, context: Context, initial: bool | None = None) -> Machine:
    """A domain with a memory map: a random one, or one that the user gave."""
    machine = _mapped(source, context, initial)
    return _real(context, machine, source.integer(0, 1000))


def _initial_map(source: Source, context: Context) -> Machine:
    return any_map(source, context, True)


def _unprivileged_map(source: Source, context: Context) -> Machine:
    return any_map(source, context, False)


class _Booted(NamedTuple):
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


def _booted(context: Context, machine: Machine) -> _Booted | Mismatch:
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
    return _Booted(context, machine, script, facts, (-(-start // 4096), (start + size) // 4096))


def _after_boot(demand: Callable[[_Booted], Mismatch | None]) -> Callable[[Context, Machine], Mismatch | None]:
    """A check of a machine: boot it, and judge what ``demand`` adds to its script, or finds by itself."""

    def check(context: Context, machine: Machine) -> Mismatch | None:
        booted = _booted(context, machine)
        if isinstance(booted, Mismatch):
            return booted
        found = demand(booted)
        return booted.script.judge() if booted.script.demands else found

    return check


class _Page(NamedTuple):
    """What the raw map makes of a page.

    ``device``: in a gap, or a region of devices. ``given``: RAM that the domain has, with its MFN. ``unusable``:
    likewise, but Xen says it has errors. ``other``: RAM of the machine that the domain was not given. ``both``: RAM and
    a device's region. ``rest``: the map ends in the middle of it, and what is there of RAM was not given.
    """

    pfn: int
    kind: str
    mfn: int = 0


def _pages(booted: _Booted, kind: str) -> Iterator[_Page]:
    """The pages of a kind around each edge of the map, but for the balloon's, and for those left open."""
    return (page for page in _all_pages(booted) if page.kind == kind)


def _all_pages(booted: _Booted) -> Iterator[_Page]:
    context, machine, _, facts, balloon = booted
    found = walk(booted.regions)
    sure = list(found.devices)
    if machine.initial:
        sure.append((facts["isa_start"] // 4096, facts["isa_end"] // 4096))
    last = booted.last
    end = last // 4096
    unclear = [*found.unclear, (end, context.limit)]  # given past the end of the map: no region, and no gap
    bad = [(addr // 4096, -(-(addr + size) // 4096)) for addr, size, kind in machine.e820 if size and kind == UNUSABLE]
    given = booted.given
    edges = {given, *(edge for each in (*sure, *found.both, *unclear) for edge in each)}
    edges.update(edge for addr, size, _ in machine.e820 for edge in (addr // 4096, (addr + size) // 4096))
    points = {edge + delta for edge in edges for delta in (-2, -1, 0, 1)}
    points |= {(start + end) // 2 for start, end in sure}
    for pfn in sorted(each for each in points if 0 <= each < context.limit):
        if balloon[0] <= pfn < balloon[1]:
            continue
        if inside(pfn, sure):
            yield _Page(pfn, "device")
        elif inside(pfn, found.both):
            yield _Page(pfn, "both")
        elif pfn == end and last % 4096 and pfn >= given and not inside(pfn, (*found.unclear, *bad)):
            yield _Page(pfn, "rest")
        elif not inside(pfn, unclear):
            frame = machine.frame(pfn) if pfn < given else None
            if frame is not None:
                yield _Page(pfn, "unusable" if inside(pfn, bad) else "given", frame)
            elif not inside(pfn, bad):
                yield _Page(pfn, "other")


def _want_devices(booted: _Booted, pages: Iterable[_Page]) -> None:
    for page in pages:
        what = f"PFN {page.pfn:#x}, in a gap or region of devices, is identity"
        booted.script.want(steps.Get(page.pfn), booted.context.raw(Identity(), page.pfn), what)


def _want_given(booted: _Booted) -> None:
    for page in _pages(booted, "given"):
        what = f"RAM at PFN {page.pfn:#x} keeps its MFN {page.mfn:#x}"
        booted.script.want(steps.Get(page.pfn), page.mfn, what)


@_after_boot
def _walked(booted: _Booted) -> None:
    _want_devices(booted, _pages(booted, "device"))
    _want_given(booted)
    for page in _pages(booted, "unusable"):
        right = OneOf((page.mfn, booted.facts["invalid"]))
        booted.script.want(steps.Get(page.pfn), right, f"unusable memory at PFN {page.pfn:#x} is no device")


@_after_boot
def _not_given(booted: _Booted) -> None:
    for page in _pages(booted, "other"):
        if page.pfn >= booted.listed:
            what = f"PFN {page.pfn:#x}, RAM that the domain was not given, is missing"
            booted.script.want(steps.Get(page.pfn), booted.facts["invalid"], what)
    for page in _pages(booted, "rest"):
        if page.pfn >= booted.listed:
            what = f"PFN {page.pfn:#x}, the rest of which is past the end of the map, is no RAM, and void"
            booted.script.want(steps.Get(page.pfn), booted.context.raw(Identity(), page.pfn), what)


@_after_boot
def _both(booted: _Booted) -> None:
    for page in _pages(booted, "both"):
        what = f"PFN {page.pfn:#x}, in RAM and in a region of devices, is identity"
        booted.script.want(steps.Get(page.pfn), booted.context.raw(Identity(), page.pfn), what)


@_after_boot
def _passed_through(booted: _Booted) -> None:
    first, last = booted.facts["isa_end"] // 4096, booted.last
    _want_devices(booted, (page for page in _pages(booted, "device") if first <= page.pfn < -(-last // 4096)))
    _want_given(booted)
    found = walk(booted.regions)
    past = {-(-last // 4096), (last // 4096 + booted.given) // 2, booted.given - 1}
    if not inside(last // 4096, (*found.devices, *found.both, *found.unclear)):
        past.add(last // 4096)  # RAM in a part only
    if any(size and addr >= last for addr, size, _ in booted.machine.e820):
        past.clear()  # whether a gap leads to a region that page tables cannot name, is the tree's to decide
    for pfn in sorted(each for each in past if max(first, last // 4096) <= each < booted.given):
        right = OneOf((booted.machine.frame(pfn) or 0, booted.facts["invalid"]))
        what = f"PFN {pfn:#x}, past the end of the map, is the RAM that was given there, or missing"
        booted.script.want(steps.Get(pfn), right, what)


@_after_boot
def _room(booted: _Booted) -> Mismatch | None:
    """The balloon's region has a page for each frame that went back to Xen, and for each of RAM that was not given;
    the tree may choose to have fewer."""
    machine, script, facts = booted.machine, booted.script, booted.facts
    first = machine.frames[0][1]
    owners = script.ask(steps.Owners(first, first + booted.given))
    scenario, outcome = script.play()
    if not outcome.done:
        return script.compare(scenario, outcome)
    back = sum(run.length for run in outcome.of(owners) if run.step == 0 and run.first == facts["invalid"])
    too_much = _too_much(machine, facts, back)
    return Mismatch(scenario, owners.index - 2, *too_much, outcome) if too_much else None


def _too_much(machine: Machine, facts: Facts, back: int) -> tuple[str, str] | None:
    """What had to be, and what is, where the balloon has more pages than frames went ``back``, or were not given."""
    top = machine.nr_pages * 4096
    more = sum((addr + size - max(addr, top)) // 4096 for addr, size, kind in machine.e820
               if kind == RAM and addr + size > top)  # fmt: skip
    pages = facts["extra_size"] // 4096
    if pages <= back + more:
        return None
    wanted = f"at most {back + more:#x} pages for the balloon: {back:#x} went back to Xen, {more:#x} were not given"
    return wanted, f"{pages:#x}"


@_after_boot
def _balloon_missing(booted: _Booted) -> None:
    context, (start, end) = booted.context, booted.balloon
    leaf, mid = context.per_page, context.per_page**2
    start = max(start, booted.listed)  # the last leaf of the list is 3-last-leaf's
    inner = {start, start + 1, (start + end) // 2, end - 1}
    points = {*inner, start + -start % leaf, start + -start % mid, end - end % leaf}
    points |= {each - 1 for each in points}
    for pfn in sorted(each for each in points if start <= each < min(end, context.limit)):
        what = f"PFN {pfn:#x}, in the balloon's region, is missing"
        booted.script.want(steps.Get(pfn), booted.facts["invalid"], what)


@_after_boot
def _frames_kept(booted: _Booted) -> Mismatch | None:
    """Each frame that the builder gave is RAM at its PFN, or Xen has it again: not both, and, above the first MiB, of
    which nothing is returned, not neither."""
    script, given, first = booted.script, booted.given, booted.machine.frames[0][1]
    scan = script.ask(steps.Scan(0, given))
    returned = script.ask(steps.Owners(first, first + given))
    scenario, outcome = script.play()
    if not outcome.done:
        return script.compare(scenario, outcome)
    lookups, owners = outcome.of(scan), outcome.of(returned)
    low = booted.facts["isa_end"] // 4096
    cuts = {0, low, given, *(run.start for run in lookups), *(run.start - first for run in owners)}
    for start, end in pairwise(sorted(each for each in cuts if each <= given)):
        for pfn in (start, end - 1):
            mfn = first + pfn
            has = _value(lookups, pfn) == mfn
            kept = _value(owners, mfn) == pfn
            if has != kept and (has or pfn >= low):
                wanted = f"MFN {mfn:#x}, given at PFN {pfn:#x}, is RAM there, or was returned to Xen"
                return Mismatch(scenario, scan.index, wanted, "both" if has else "neither", outcome)
    return None


def _value(runs: Sequence[Run], at: int) -> int:
    return next(run.value(at) for run in runs if run.start <= at < run.start + run.length)


@_after_boot
def _isa(booted: _Booted) -> None:
    first, end = booted.facts["isa_start"] // 4096, booted.facts["isa_end"] // 4096
    for pfn in (first, (first + end) // 2, end - 1):
        if booted.machine.initial:
            what = f"the ISA range's PFN {pfn:#x} is identity"
            booted.script.want(steps.Get(pfn), booted.context.raw(Identity(), pfn), what)
        else:
            what = f"in an unprivileged domain the ISA range's PFN {pfn:#x} is RAM"
            booted.script.want(steps.Get(pfn), booted.machine.frame(pfn) or 0, what)


def _plain_domain(source: Source, context: Context) -> PlainDomain:
    """An unprivileged domain without devices: its map is RAM from 0, or there is none."""
    size = source.integer(0x600, 0x3000)
    more = source.choice((0, 0, 0x800000, 0x10000000))
    answer = source.choice((0, 0, ENOSYS))
    machine = Machine(
        size, False, ((size, 0x400000, 1),), source.choice(generate.TAILS), ((0, size * 4096 + more, RAM),), answer,
        arena=0x100, order=generate.ORDER,
    )  # fmt: skip
    pfns = source.several(lambda: generate.pfn(source, context, machine), 0, 6)
    return PlainDomain(machine, pfns, flags_of(source))


def _not_its_own(context: Context, case: PlainDomain) -> Mismatch | None:
    def demand(booted: _Booted) -> None:
        beyond = booted.listed  # the rest of the last leaf is property 3's
        for pfn in sorted({*case.pfns, beyond, beyond + context.per_page, context.limit - 1}):
            if pfn >= beyond:
                what = f"PFN {pfn:#x}, not the domain's, leads to no frame"
                booted.script.want(steps.PfnToMfn(pfn), booted.facts["invalid"], what)
                if "make_pte" in context.facts.calls and pfn < 1 << (context.facts["mask_shift"] - 12):
                    booted.script.want(steps.MakePte(pfn << 12 | case.flags), 0, f"a PTE of PFN {pfn:#x} is empty")

    return _after_boot(demand)(context, case.machine)


def _translated(context: Context, case: Translated) -> Mismatch | None:
    machine, pfn = case.machine, case.pfn
    script = Script(context, machine)
    script.want(steps.PfnToMfn(pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
    script.want(steps.MfnToPfn(pfn), pfn, f"mfn_to_pfn({pfn:#x}) is {pfn:#x}")
    script.want(steps.Set(pfn, pfn), 1, "set_phys_to_machine() says true")
    script.want(steps.Set(pfn, context.facts["invalid"]), 1, "set_phys_to_machine() says true")
    script.want(steps.Valid(pfn), 1)
    if machine.e820 and "memory" in context.facts.calls:  # what is in no region goes back to Xen
        script.do(steps.Memory())
        addr, size, _ = machine.e820[0]
        start, end = (addr + size) // 4096, machine.e820[1][0] // 4096
        gone = (Run(start, end - start, context.facts["invalid"], 0),)
        script.want(steps.Owners(start, end), gone, f"the frames {start:#x} to {end:#x}, a gap's, are returned to Xen")
        asked = script.ask(steps.Facts())
        scenario, outcome = script.play()
        if outcome.done and (too_much := _too_much(machine, outcome.of(asked), end - start)):
            return Mismatch(scenario, asked.index, *too_much, outcome)
    return script.judge()


def _translated_domain(source: Source, context: Context) -> Translated:
    start, size = source.integer(0x200, 0x300), source.integer(2, 0x200)
    regions = ((0, start * 4096, RAM), ((start + size) * 4096, 0x1000000, RAM))
    machine = Machine(0x600, False, ((0x600, 0, 1),), e820=regions, order=generate.ORDER, translated=True)
    return Translated(machine, source.integer(0, context.limit - 1))


PROPERTIES = (
    Property("3-balloon", 3, "The balloon's region reads as missing after the E820 walk", claims.needs("memory"),
             Machine, any_map, _balloon_missing, 0.5),
    Property("3-returned", 3, "A frame that the map has no place for goes back to Xen, and is RAM no longer",
             claims.needs("memory"), Machine, any_map, _frames_kept),
    Property("3-room", 3, "The balloon's region has no more pages than there are frames to fill it with",
             claims.needs("memory"), Machine, any_map, _room, 0.5),
    Property("10-isa", 10, "The ISA range is identity in the initial domain, RAM in others", claims.walk, Machine,
             any_map, _isa),
    Property("10-own", 10, "An unprivileged domain without devices comes to no frame that is not its own",
             claims.needs("memory"), PlainDomain, _plain_domain, _not_its_own),
    Property("10-translated", 10, "An auto-translated guest is untouched", claims.any_tree, Translated,
             _translated_domain, _translated, 0.3),
    Property("11-walk", 11, "In the raw E820 gaps and regions of devices become identity, RAM and the rest do not",
             claims.walk, Machine, _initial_map, _walked, 2.0),
    Property("11-not-given", 11, "Memory of the machine that the initial domain was not given is missing",
             claims.not_given, Machine, _initial_map, _not_given),
    Property("11-both", 11, "In the initial domain, what is both in RAM and in a region of devices is identity",
             claims.both, Machine, _initial_map, _both),
    Property("11-passed", 11, "In an unprivileged domain its map's gaps and devices are identity, nothing past its end",
             claims.passed_through, Machine, _unprivileged_map, _passed_through),
)  # fmt: skip
