"""Properties 3, 10 and 11, as far as they rest on the memory map: the E820 walk, and kinds of domains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

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
from patcher.prove.properties.walked import Page, Walked, What, after_walk, pages
from patcher.prove.scenario import ENOSYS, RAM, Machine


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


def _sorted_map(source: Source, context: Context) -> Machine:
    """A map in the order of its addresses, as Xen gives it."""
    machine = any_map(source, context)
    return msgspec.structs.replace(machine, e820=tuple(sorted(machine.e820)))


def _want_devices(walked: Walked, pages: Iterable[Page]) -> None:
    for page in pages:
        what = f"PFN {page.pfn:#x}, in a gap or region of devices, is identity"
        walked.script.want(steps.Get(page.pfn), walked.context.raw(Identity(), page.pfn), what)


def _want_given(walked: Walked) -> None:
    for page in pages(walked, What.GIVEN):
        what = f"RAM at PFN {page.pfn:#x} keeps its MFN {page.mfn:#x}"
        walked.script.want(steps.Get(page.pfn), page.mfn, what)


@after_walk
def _walked(walked: Walked) -> None:
    _want_devices(walked, pages(walked, What.DEVICE))
    _want_given(walked)
    for page in pages(walked, What.UNUSABLE):
        right = OneOf((page.mfn, walked.facts["invalid"]))
        walked.script.want(steps.Get(page.pfn), right, f"unusable memory at PFN {page.pfn:#x} is no device")


@after_walk
def _not_given(walked: Walked) -> None:
    for page in pages(walked, What.NOT_GIVEN):
        if page.pfn >= walked.listed:
            what = f"PFN {page.pfn:#x}, RAM that the domain was not given, is missing"
            walked.script.want(steps.Get(page.pfn), walked.facts["invalid"], what)
    for page in pages(walked, What.REST):
        if page.pfn >= walked.listed:
            what = f"PFN {page.pfn:#x}, the rest of which is past the end of the map, is no RAM, and void"
            walked.script.want(steps.Get(page.pfn), walked.context.raw(Identity(), page.pfn), what)


@after_walk
def _both(walked: Walked) -> None:
    for page in pages(walked, What.BOTH):
        what = f"PFN {page.pfn:#x}, in RAM and in a region of devices, is identity"
        walked.script.want(steps.Get(page.pfn), walked.context.raw(Identity(), page.pfn), what)


@after_walk
def _passed_through(walked: Walked) -> None:
    first, last = walked.facts["isa_end"] // 4096, walked.last
    _want_devices(walked, (page for page in pages(walked, What.DEVICE) if first <= page.pfn < -(-last // 4096)))
    _want_given(walked)
    found = walk(walked.regions)
    past = {-(-last // 4096), (last // 4096 + walked.given) // 2, walked.given - 1}
    if not inside(last // 4096, (*found.devices, *found.both, *found.unclear)):
        past.add(last // 4096)  # RAM in a part only
    if any(size and addr >= last for addr, size, _ in walked.machine.e820):
        past.clear()  # whether a gap leads to a region that page tables cannot name, is the tree's to decide
    for pfn in sorted(each for each in past if max(first, last // 4096) <= each < walked.given):
        right = OneOf((walked.machine.frame(pfn) or 0, walked.facts["invalid"]))
        what = f"PFN {pfn:#x}, past the end of the map, is the RAM that was given there, or missing"
        walked.script.want(steps.Get(pfn), right, what)


@after_walk
def _room(walked: Walked) -> Mismatch | None:
    """The balloon's region has a page for each frame that went back to Xen, and for each of RAM that was not given;
    the tree may choose to have fewer."""
    machine, script, facts = walked.machine, walked.script, walked.facts
    first = machine.frames[0][1]
    owners = script.ask(steps.Owners(first, first + walked.given))
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


@after_walk
def _balloon_missing(walked: Walked) -> None:
    context, (start, end) = walked.context, walked.balloon
    leaf, mid = context.per_page, context.per_page**2
    start = max(start, walked.listed)  # the last leaf of the list is 3-last-leaf's
    inner = {start, start + 1, (start + end) // 2, end - 1}
    points = {*inner, start + -start % leaf, start + -start % mid, end - end % leaf}
    points |= {each - 1 for each in points}
    for pfn in sorted(each for each in points if start <= each < min(end, context.limit)):
        what = f"PFN {pfn:#x}, in the balloon's region, is missing"
        walked.script.want(steps.Get(pfn), walked.facts["invalid"], what)


@after_walk
def _frames_kept(walked: Walked) -> Mismatch | None:
    """Each frame that the builder gave is RAM at its PFN, or Xen has it again: not both, and, above the first MiB, of
    which nothing is returned, not neither."""
    script, given, first = walked.script, walked.given, walked.machine.frames[0][1]
    scan = script.ask(steps.Scan(0, given))
    returned = script.ask(steps.Owners(first, first + given))
    scenario, outcome = script.play()
    if not outcome.done:
        return script.compare(scenario, outcome)
    lookups, owners = outcome.of(scan), outcome.of(returned)
    low = walked.facts["isa_end"] // 4096
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


@after_walk
def _isa(walked: Walked) -> None:
    first, end = walked.facts["isa_start"] // 4096, walked.facts["isa_end"] // 4096
    for pfn in (first, (first + end) // 2, end - 1):
        if walked.machine.initial:
            what = f"the ISA range's PFN {pfn:#x} is identity"
            walked.script.want(steps.Get(pfn), walked.context.raw(Identity(), pfn), what)
        else:
            what = f"in an unprivileged domain the ISA range's PFN {pfn:#x} is RAM"
            walked.script.want(steps.Get(pfn), walked.machine.frame(pfn) or 0, what)


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
    def demand(walked: Walked) -> None:
        beyond = walked.listed  # the rest of the last leaf is property 3's
        for pfn in sorted({*case.pfns, beyond, beyond + context.per_page, context.limit - 1}):
            if pfn >= beyond:
                what = f"PFN {pfn:#x}, not the domain's, leads to no frame"
                walked.script.want(steps.PfnToMfn(pfn), walked.facts["invalid"], what)
                if "make_pte" in context.facts.calls and pfn < 1 << (context.facts["mask_shift"] - 12):
                    walked.script.want(steps.MakePte(pfn << 12 | case.flags), 0, f"a PTE of PFN {pfn:#x} is empty")

    return after_walk(demand)(context, case.machine)


def _translated(context: Context, case: Translated) -> Mismatch | None:
    machine, pfn = case.machine, case.pfn
    script = Script(context, machine)
    script.want(steps.PfnToMfn(pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
    script.want(steps.MfnToPfn(pfn), pfn, f"mfn_to_pfn({pfn:#x}) is {pfn:#x}")
    script.want(steps.Set(pfn, pfn), 1, "set_phys_to_machine() says true")
    script.want(steps.Set(pfn, context.facts["invalid"]), 1, "set_phys_to_machine() says true")
    script.want(steps.Valid(pfn), 1)
    if "add_device" in context.facts.calls:
        script.want(steps.AddDevice(pfn, pfn + 1), 1, "xen_add_device_range() says true")
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
             _sorted_map, _isa),
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
