"""Property 9: page table entries."""

from __future__ import annotations

import msgspec

from patcher.prove import generate, steps
from patcher.prove.actions import Fill, MarkIdentity, PutForeign, Release, SetRange
from patcher.prove.choices import Source
from patcher.prove.context import Context
from patcher.prove.history import Mismatch, OneOf, Script, booted
from patcher.prove.model import Identity, Ram
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Property
from patcher.prove.scenario import Machine


class Pte(msgspec.Struct, frozen=True):
    """A PTE of a frame that is put in, its flags, and a number to choose another one by."""

    machine: Machine
    fill: Fill
    flags: int
    pick: int


class IdentityPte(msgspec.Struct, frozen=True):
    """PTEs of a range of identity; ``pick``: also of the PFN so far from its start."""

    machine: Machine
    range: SetRange
    flags: int
    pick: int


class Granted(msgspec.Struct, frozen=True):
    """A page of RAM to which frames of another domain are granted, one of them with a number in a range of identity.
    ``pick`` chooses the page and a frame, ``distance`` the frame in the range; ``stale``: what Xen's table says."""

    machine: Machine
    range: SetRange
    pick: int
    distance: int
    stale: int


class DevicePte(msgspec.Struct, frozen=True):
    """A PTE of a device's frame."""

    machine: Machine
    frame: int
    flags: int


class Flags(msgspec.Struct, frozen=True):
    """Flags of PTEs in a domain."""

    machine: Machine
    flags: int


def flags_of(source: Source) -> int:
    """Present, and what else a PTE of memory may have; no PAT, no _PAGE_IOMAP."""
    bits = source.several(lambda: source.choice((1, 2, 5, 6, 8, 9)), 0, 4)
    return 1 | sum(1 << bit for bit in set(bits))


def _pick(source: Source) -> int:
    return source.integer(0, 2**32)


def _pte(source: Source, context: Context) -> Pte:
    machine = generate.whole(source, context, 512)
    return Pte(machine, generate.fill(source, context, machine), flags_of(source), _pick(source))


def _initial_pte(source: Source, context: Context) -> Pte:
    machine = generate.whole(source, context, 512, initial=True)
    return Pte(machine, generate.fill(source, context, machine), flags_of(source), _pick(source))


def _identity_pte(source: Source, context: Context) -> IdentityPte:
    machine = generate.whole(source, context, 512)
    return IdentityPte(machine, generate.identity(source, context, machine), flags_of(source), _pick(source))


def _pte_ram(context: Context, case: Pte) -> Mismatch | None:
    script = booted(context, case.machine)
    script.act(case.fill)
    for pfn in (case.fill.pfn, case.pick % case.machine.nr_pages):
        meaning = script.model.meaning(pfn)
        if isinstance(meaning, Ram):
            _translates(context, script, pfn, meaning.mfn, case.flags)
    return script.judge()


def _translates(context: Context, script: Script, pfn: int, mfn: int, flags: int) -> None:
    script.want(
        steps.MakePte(pfn << 12 | flags), mfn << 12 | flags, f"a PTE of RAM at PFN {pfn:#x} has its MFN {mfn:#x}"
    )
    script.want(steps.PteVal(mfn << 12 | flags), pfn << 12 | flags, f"the PTE reads back as PFN {pfn:#x}")


def _pte_missing(context: Context, case: Pte) -> Mismatch | None:
    script, pfn = booted(context, case.machine), case.fill.pfn
    script.act(Release(pfn))
    if isinstance(script.model.void, Identity) and pfn >= case.machine.nr_pages:
        script.act(case.fill)  # so that it is stored as missing, not void
        script.act(Release(pfn))
    script.want(steps.MakePte(pfn << 12 | case.flags), 0, f"a PTE of the missing PFN {pfn:#x} is empty")
    return script.judge()


def _pte_identity(context: Context, case: IdentityPte) -> Mismatch | None:
    script = booted(context, case.machine, (case.range,))
    flags, iomap, mark = case.flags, context.facts["iomap"], claims.pte_mark(context)
    start, end = case.range.start, case.range.end
    for pfn in sorted({start, start + case.pick % (end - start), end - 1} if start < end else ()):
        for asked in (flags, flags | iomap):
            made = pfn << 12 | flags | mark
            what = f"a PTE of identity PFN {pfn:#x} keeps it{', marked IOMAP' if mark else ''}"
            script.want(steps.MakePte(pfn << 12 | asked), OneOf((made, pfn << 12 | asked | mark)), what)
        told = claims.marks_read(context) or not case.machine.given(pfn)  # else it may be an MFN of the domain's RAM
        if told and (case.machine.initial or claims.back(context)[0]):
            script.want(steps.PteVal(made), made, "and reads back")
    return script.judge()


def _pte_stray(context: Context, case: Pte) -> Mismatch | None:
    script, pfn, mfn, flags = booted(context, case.machine), case.fill.pfn, case.fill.mfn, case.flags
    script.act(case.fill)
    stray, pte = claims.flag(context), mfn << 12 | flags
    right = OneOf((pte, pte | stray)) if claims.marks_nothing(context)[0] else pte
    what = f"RAM at PFN {pfn:#x} is translated, and a stray IOMAP is dropped or means nothing"
    script.want(steps.MakePte(pfn << 12 | flags | stray), right, what)
    return script.judge()


def _pte_foreign(context: Context, case: Pte) -> Mismatch | None:
    """Another domain's frame, as xen_remap_domain_mfn_range() maps it: the number is a machine frame already."""
    script, pfn, flags = booted(context, case.machine), case.fill.pfn, case.flags
    mfn = generate.FOREIGN + case.pick % 0x1000
    script.act(PutForeign(pfn, mfn))
    if "make_pte" in context.facts.calls:
        made = mfn << 12 | flags
        script.want(steps.MakePte(pfn << 12 | flags), made, f"a PTE of PFN {pfn:#x}, foreign, has the MFN {mfn:#x}")
    value = mfn << 12 | flags | context.facts["iomap"]
    script.act(Release(mfn))  # the PFN of that number is RAM of the machine that we were not given
    script.do(steps.M2p(mfn, case.pick % case.machine.nr_pages))  # its owner's PFN may be one of ours
    asked = script.ask(steps.PteVal(value))
    scenario, outcome = script.play()
    if wrong := script.compare(scenario, outcome):
        return wrong
    number = (outcome.of(asked) & context.facts["pfn_mask"]) >> 12
    granted = number == pfn and not claims.marks_read(context)  # the M2P says so: it is the page that has the frame
    if number == mfn or number >= context.limit or granted:
        return None
    wanted = "a PTE with _PAGE_IOMAP reads back as it is, or as no PFN"
    return Mismatch(scenario, asked.index, wanted, f"PFN {number:#x}", outcome)


def _grant(source: Source, context: Context) -> Granted:
    machine = generate.whole(source, context, 512)
    found = generate.identity(source, context, machine)
    stale = source.one_of(lambda: source.integer(0, machine.nr_pages - 1), lambda: 2**31)
    return Granted(machine, found, _pick(source), source.integer(0, 2**40), stale)


def _granted(context: Context, case: Granted) -> Mismatch | None:
    """Xen's table has the granter's PFN, which is not ours; the override knows the page. The P2M may call the number of
    the frame identity: there is no device then, as another domain has RAM there, of which Xen's table has an entry."""
    start, end = case.range.start, min(case.range.end, 1 << case.machine.order)
    ranges = (case.range,) if start < end and case.range.fits(context.facts) else ()
    script = booted(context, case.machine, ranges)
    pfn = case.pick % case.machine.nr_pages
    if not isinstance(script.model.meaning(pfn), Ram):
        return script.judge()
    frames = [generate.FOREIGN + case.pick % 0x1000, *(start + case.distance % (end - start) for _ in ranges)]
    for mfn in frames:
        script.act(PutForeign(pfn, mfn))
        script.do(steps.M2p(mfn, case.stale), steps.Override(mfn, pfn))
        script.want(steps.MfnToPfn(mfn), pfn, f"mfn_to_pfn({mfn:#x}) of a granted frame is its page's PFN {pfn:#x}")
    return script.judge()


def _pte_absent(context: Context, case: Pte) -> Mismatch | None:
    """What is not present is no frame number, and passes as it is."""
    script = booted(context, case.machine)
    value = (case.pick % (1 << 30)) << 12 | case.flags & ~1
    script.want(steps.MakePte(value), value, "a PTE that is not present is left alone")
    script.want(steps.PteVal(value), value, "and reads back")
    return script.judge()


def _device(source: Source, context: Context) -> DevicePte:
    """Past the end of the P2M, or where an unprivileged domain has nothing."""
    machine = generate.whole(source, context, 512)
    if machine.initial or not source.boolean():
        frame = source.integer(context.limit, claims.highest(context))
    else:
        frame = source.integer(machine.nr_pages, context.limit - 1)
    return DevicePte(machine, frame, flags_of(source))


def _pte_device(context: Context, case: DevicePte) -> Mismatch | None:
    """Who asks for _PAGE_IOMAP where the P2M can't tell gets it, as before the scheme: a device is there. In a tree
    that does not heed the flag the P2M is told of the device; past its end the initial domain needs no word."""
    script, frame = booted(context, case.machine), case.frame
    value = frame << 12 | case.flags | context.facts["iomap"]
    if frame >= context.facts["isa_end"] // 4096 and _told(context, script, frame):
        script.want(steps.MakePte(value), _marked_or_not(context, value), f"a PTE of the device's {frame:#x} keeps it")
    return script.judge()


def _told(context: Context, script: Script, frame: int) -> bool:
    """Have the tree know that a device is there, by its own way. False where it has none."""
    if claims.marks_made(context):
        return True
    if frame >= context.limit:
        return script.machine.initial
    first, end = generate.taken(context, script.machine)
    action = MarkIdentity(frame)
    if first <= frame < end or not action.fits(context.facts):
        return False
    script.act(action)
    return True


def _marked_or_not(context: Context, value: int) -> OneOf[int]:
    """The mark is of no interest where nobody heeds it."""
    return OneOf((value,) if claims.marks_made(context) else (value | claims.FLAG, value & ~claims.FLAG))


def _around_isa(source: Source, context: Context) -> Flags:
    machine = generate.whole(source, context, 0x400, initial=False)
    return Flags(msgspec.structs.replace(machine, arena=0x200), flags_of(source))  # the run's pages out of the way


def _pte_isa(context: Context, case: Flags) -> Mismatch | None:
    """What an unprivileged domain gave back on either side of the end of the ISA range: below there is no device."""
    script = booted(context, case.machine)
    end, iomap = context.facts["isa_end"] // 4096, claims.flag(context)
    below, above = (end - 1) << 12 | case.flags | iomap, end << 12 | case.flags | iomap
    script.act(Release(end - 1))
    script.act(Release(end))
    script.want(steps.MakePte(below), 0, f"a PTE of the missing PFN {end - 1:#x}, in the ISA range, is empty")
    if _told(context, script, end):
        right = _marked_or_not(context, above)
        script.want(steps.MakePte(above), right, f"a PTE of the device's frame {end:#x} keeps it")
    return script.judge()


PROPERTIES = (
    Property("9-ram", 9, "A PTE of RAM has its MFN, and reads back", claims.needs("make_pte"), Pte, _pte, _pte_ram),
    Property("9-missing", 9, "A PTE of a missing PFN is empty", claims.needs("make_pte"), Pte, _pte, _pte_missing),
    Property("9-identity", 9, "A PTE of an identity PFN keeps it, and has the mark that its readers ask for",
             claims.pte_kept, IdentityPte, _identity_pte, _pte_identity),
    Property("9-stray", 9, "A stray _PAGE_IOMAP on RAM is dropped, or means nothing", claims.pte_strips, Pte,
             _pte, _pte_stray),
    Property("9-foreign", 9, "A PTE of another domain's frame has its MFN, and reads back as no PFN of ours",
             claims.needs("pte_val"), Pte, _initial_pte, _pte_foreign),
    Property("9-granted", 9, "A granted frame leads back to the PFN of its page, whatever its number", claims.overrides,
             Granted, _grant, _granted, 0.5),
    Property("9-device", 9, "Where the P2M knows nothing, a device is mapped by _PAGE_IOMAP, or by telling the P2M",
             claims.needs("make_pte"), DevicePte, _device, _pte_device),
    Property("9-isa", 9, "The same in an unprivileged domain, but not below the end of the ISA range",
             claims.needs("make_pte"), Flags, _around_isa, _pte_isa, 0.2),
    Property("9-absent", 9, "A PTE that is not present is left alone", claims.needs("make_pte"), Pte, _pte,
             _pte_absent, 0.3),
)  # fmt: skip
