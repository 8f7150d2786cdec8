"""Properties 9 and 10 where no caller marks a PTE: what the flag _PAGE_IOMAP was for, without it."""

from __future__ import annotations

import msgspec

from patcher.prove import generate, steps
from patcher.prove.actions import Fill, Release, SetRange
from patcher.prove.choices import Source
from patcher.prove.context import Context
from patcher.prove.history import Mismatch, OneOf, Script, booted, expected_runs
from patcher.prove.model import Foreign, Identity, Missing, Ram
from patcher.prove.properties import claims
from patcher.prove.properties.claims import FLAG
from patcher.prove.properties.kind import Property
from patcher.prove.properties.maps import any_map
from patcher.prove.properties.ptes import flags_of
from patcher.prove.scenario import BOOT, Machine

_KEPT = sum(1 << bit for bit in (3, 4, 5, 6, 9))  # flags that pte_modify() keeps: caching, accessed, dirty, special
_WRITABLE = 1 << 1
_RAM = 5  # a PFN that the run itself is not in


class Mapped(msgspec.Struct, frozen=True):
    """A PTE that has the frame ``mfn``, whosever it is. ``stale``: the PFN that Xen's table has for it; ``released``:
    whether the PFN of that number is missing; ``protection``: what mprotect() gives the PTE."""

    machine: Machine
    mfn: int
    stale: int
    released: bool
    flags: int
    protection: int


class Device(msgspec.Struct, frozen=True):
    """A device past the end of the P2M, for the initial domain, and one that is passed through, for another."""

    machine: Machine
    frame: int
    start: int
    length: int
    fails: bool
    flags: int


class Stray(msgspec.Struct, frozen=True):
    """PTEs that an old caller has marked: of a frame that is put in, of the PFN when it is released, of a range of
    identity, and past the end of the P2M."""

    machine: Machine
    fill: Fill
    range: SetRange
    frame: int
    flags: int


class Low(msgspec.Struct, frozen=True):
    """A PTE of the ISA range's ``pick``-th page, before and after the walk over the map."""

    machine: Machine
    pick: int
    stale: int
    flags: int
    protection: int


def _either(pte: int) -> OneOf[int]:
    """A PTE; whether the tree marks it is another property's."""
    return OneOf((pte, pte | FLAG))


def _modified(mfn: int, flags: int, protection: int) -> OneOf[int]:
    return _either(mfn << 12 | flags & _KEPT | protection & ~_KEPT)


def _past(source: Source, context: Context) -> int:
    """A frame past the end of the P2M. Those above half of what a PTE can name are the tree's to use otherwise."""
    return source.integer(context.limit, claims.highest(context))


def _stale(source: Source, machine: Machine) -> int:
    return source.one_of(lambda: source.integer(0, machine.nr_pages - 1), lambda: 2**31)


def _mapped(source: Source, context: Context) -> Mapped:
    machine = generate.whole(source, context, 512)
    mfn = source.one_of(
        lambda: source.integer(0, machine.nr_pages - 1),
        lambda: generate.FOREIGN + source.integer(0, 0xFFF),
        lambda: generate.pfn(source, context, machine),
        lambda: _past(source, context),
    )
    return Mapped(machine, mfn, _stale(source, machine), source.boolean(), flags_of(source), flags_of(source))


def _frame_kept(context: Context, case: Mapped) -> Mismatch | None:
    script = booted(context, case.machine)
    first, end = generate.taken(context, case.machine)
    if case.released and case.mfn < context.limit and not first <= case.mfn < end:
        script.act(Release(case.mfn))
    if case.mfn < 1 << case.machine.order:
        script.do(steps.M2p(case.mfn, case.stale))
    pte = case.mfn << 12 | case.flags
    for each, what in ((pte, ""), (pte & ~_WRITABLE, " that fork() has write-protected")):
        kept = _modified(case.mfn, each & 0xFFF, case.protection)
        script.want(steps.Modify(each, case.protection), kept, f"a PTE{what} keeps the frame {case.mfn:#x}")
        script.want(steps.Hide(each, case.protection), kept, f"a PTE{what} keeps {case.mfn:#x}, also by PROT_NONE")
    asked = script.ask(steps.PteVal(pte))
    scenario, outcome = script.play()
    if wrong := script.compare(scenario, outcome):
        return wrong
    number = (outcome.of(asked) & context.facts["pfn_mask"]) >> 12
    meaning = script.model.meaning(number)
    if number >= context.limit or (number == case.mfn and isinstance(meaning, Identity)):
        return None
    if isinstance(meaning, Ram | Foreign) and meaning.mfn == case.mfn:
        return None
    wanted = f"a PTE of the frame {case.mfn:#x} reads as a PFN that has this frame, or as none"
    return Mismatch(scenario, asked.index, wanted, f"PFN {number:#x}", outcome)


def _device(source: Source, context: Context) -> Device:
    machine = generate.whole(source, context, 512)
    floor = max(machine.nr_pages, generate.taken(context, machine)[1]) - source.integer(0, 3)
    start = source.one_of(
        lambda: source.integer(floor, floor + 3 * context.per_page),
        lambda: generate.near(source, context.limit - 2),
        lambda: source.integer(floor, context.limit - 1),
    )
    length = source.one_of(lambda: source.integer(0, 5), lambda: source.integer(0, 2 * context.per_page))
    return Device(machine, _past(source, context), start, length, source.boolean(), flags_of(source))


def _device_mapped(context: Context, case: Device) -> Mismatch | None:
    script = booted(context, case.machine)
    if case.machine.initial:
        _kept(script, case.frame, case.flags, f"the device's frame {case.frame:#x}")
        return script.judge()
    start, end = case.start, case.start + case.length
    told = list(expected_runs(context, script.model, start, min(end, context.limit))) if start < context.limit else []
    void = bool(told) and start >= script.model.listed
    if case.fails and void:
        script.do(steps.Fail(1, 1))
        script.want(steps.AddDevice(start, end), 0, "xen_add_device_range() tells that there is no memory")
        script.look((start, end))
    script.want(steps.AddDevice(start, end), int(end <= context.limit or not case.length),
                "xen_add_device_range() says whether the P2M knows all of it")  # fmt: skip
    for first, last, meaning in told:
        if isinstance(meaning, Missing):
            script.model.say(first, last, Identity())
    script.want(steps.AddDevice(_RAM, _RAM + 1), 1, f"PFN {_RAM}, which is RAM, needs nothing")
    script.look((_RAM, start, end))
    for pfn in sorted({start, end - 1}) if case.length else ():
        if pfn < context.limit and isinstance(script.model.meaning(pfn), Identity):
            _kept(script, pfn, case.flags, f"PFN {pfn:#x} of the device that was passed through")
    return script.judge()


def _kept(script: Script, frame: int, flags: int, what: str) -> None:
    pte = frame << 12 | flags
    script.want(steps.MakePte(pte), _either(pte), f"a PTE of {what} keeps it")
    script.want(steps.PteVal(pte), pte, "and reads back")


def _stray(source: Source, context: Context) -> Stray:
    machine = generate.whole(source, context, 512)
    return Stray(
        machine, generate.fill(source, context, machine), generate.identity(source, context, machine),
        _past(source, context), flags_of(source),
    )  # fmt: skip


def _stray_is_nothing(context: Context, case: Stray) -> Mismatch | None:
    ranges = (case.range,) if case.range.start < case.range.end else ()
    script, flags = booted(context, case.machine, ranges), case.flags
    for each in ranges:
        pte = each.start << 12 | flags
        script.want(steps.MakePte(pte | FLAG), _either(pte), f"a marked PTE of identity PFN {each.start:#x} keeps it")
    script.act(case.fill)
    pte = case.fill.mfn << 12 | flags
    marked = case.fill.pfn << 12 | flags | FLAG
    script.want(steps.MakePte(marked), _either(pte), f"a marked PTE of RAM at PFN {case.fill.pfn:#x} has its MFN")
    script.act(Release(case.fill.pfn))
    script.want(steps.MakePte(marked), 0, f"a marked PTE of the missing PFN {case.fill.pfn:#x} is empty")
    past = case.frame << 12 | flags
    right = _either(past) if case.machine.initial else 0
    script.want(steps.MakePte(past | FLAG), right, f"a marked PTE of {case.frame:#x} is what it is without the mark")
    return script.judge()


def _low(source: Source, context: Context) -> Low:
    machine = any_map(source, context)
    return Low(
        msgspec.structs.replace(machine, e820=tuple(sorted(machine.e820))), source.integer(0, 2**16),
        _stale(source, machine), flags_of(source), flags_of(source),
    )  # fmt: skip


def _low_mapped(context: Context, case: Low) -> Mismatch | None:
    """In the initial domain the ISA range is mapped by MFNs before the walk makes it identity."""
    machine, facts = case.machine, context.facts
    first, end = facts["isa_start"] // 4096, facts["isa_end"] // 4096
    pfn = first + case.pick % (end - first)
    pte = pfn << 12 | case.flags
    script = Script(context, machine)
    script.do(*BOOT)
    if machine.initial:
        script.do(steps.M2p(pfn, case.stale))
        kept = _modified(pfn, case.flags, case.protection)
        script.want(steps.Modify(pte, case.protection), kept, f"before the walk a PTE of frame {pfn:#x} keeps it")
    script.do(steps.Memory(), steps.Booted())
    mfn = pfn if machine.initial else machine.frame(pfn) or 0
    for asked in (pte, pte | FLAG):
        made = _either(mfn << 12 | case.flags)
        script.want(steps.MakePte(asked), made, f"a PTE of PFN {pfn:#x} in the ISA range has the frame {mfn:#x}")
    script.want(steps.PteVal(mfn << 12 | case.flags), pte, "and reads back")
    return script.judge()


PROPERTIES = (
    Property("9-modify", 9, "A PTE keeps its frame where mprotect() or fork() changes it, whosever the frame is",
             claims.keeps_frames, Mapped, _mapped, _frame_kept),
    Property("9-unmarked", 9, "A device past the end of the P2M, or passed through, is mapped without a mark",
             claims.unmarked, Device, _device, _device_mapped),
    Property("9-old", 9, "The mark of an old caller changes no frame", claims.marks_nothing, Stray, _stray,
             _stray_is_nothing),
    Property("10-mapped", 10, "PTEs of the ISA range are 1-1 in the initial domain from the start, RAM in others",
             claims.low_mapped, Low, _low, _low_mapped, 0.5),
)  # fmt: skip
