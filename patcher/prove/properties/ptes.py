"""Property 9: page table entries."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from patcher.prove import generate
from patcher.prove.history import Context, Mismatch, Script
from patcher.prove.model import Identity, Ram
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Case, Property
from patcher.prove.properties.ranges import Ranges, booted
from patcher.prove.scenario import BOOT, Machine


def flags_of(context: Context) -> st.SearchStrategy[int]:
    """Present, and what else a PTE of memory may have; no PAT, no _PAGE_IOMAP."""
    return st.lists(st.sampled_from((1, 2, 5, 6, 8, 9)), max_size=4).map(
        lambda bits: 1 | sum(1 << b for b in set(bits))
    )


@st.composite
def _ptes(draw: Any, context: Context, *, ranges: bool = False) -> Any:
    machine = draw(generate.wholes(context, 512))
    actions = [("identity", *draw(generate.ranges(context, machine))[1:])] if ranges else []
    return machine, tuple(actions), draw(generate.fills(context, machine)), draw(flags_of(context)), draw(st.integers())


def _pte_ram(context: Context, case: Any) -> Mismatch | None:
    machine, actions, fill, flags, pick = case
    script = booted(context, Ranges(machine, actions))
    script.act(fill)
    for pfn in (int(fill[1]), pick % machine.nr_pages):
        meaning = script.model.meaning(pfn)
        if isinstance(meaning, Ram):
            _translates(context, script, pfn, meaning.mfn, flags)
    return script.judge()


def _translates(context: Context, script: Script, pfn: int, mfn: int, flags: int) -> None:
    script.want(
        ("make_pte", pfn << 12 | flags), mfn << 12 | flags, f"a PTE of RAM at PFN {pfn:#x} has its MFN {mfn:#x}"
    )
    script.want(("pte_val", mfn << 12 | flags), pfn << 12 | flags, f"the PTE reads back as PFN {pfn:#x}")


def _pte_missing(context: Context, case: Any) -> Mismatch | None:
    machine, _, fill, flags, _ = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    pfn = int(fill[1])
    script.act(("release", pfn))
    if isinstance(script.model.void, Identity) and pfn >= machine.nr_pages:
        script.act(fill)  # so that it is stored as missing, not void
        script.act(("release", pfn))
    script.want(("make_pte", pfn << 12 | flags), 0, f"a PTE of the missing PFN {pfn:#x} is empty")
    return script.judge()


def _pte_identity(context: Context, case: Any) -> Mismatch | None:
    machine, actions, _, flags, pick = case
    script = booted(context, Ranges(machine, actions))
    iomap = context.facts["iomap"]
    start, end = int(actions[0][1]), int(actions[0][2])
    for pfn in sorted({start, start + pick % max(1, end - start), end - 1} if start < end else ()):
        for asked in (flags, flags | iomap):
            made = pfn << 12 | flags | iomap
            script.want(("make_pte", pfn << 12 | asked), made, f"a PTE of identity PFN {pfn:#x} keeps it, marked IOMAP")
        if machine.initial or claims.back(context)[0]:
            script.want(("pte_val", made), made, "and reads back")
    return script.judge()


def _pte_stray(context: Context, case: Any) -> Mismatch | None:
    machine, _, fill, flags, _ = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    script.act(fill)
    pfn, mfn = int(fill[1]), int(fill[2])
    asked = pfn << 12 | flags | context.facts["iomap"]
    script.want(("make_pte", asked), mfn << 12 | flags, f"RAM at PFN {pfn:#x} is translated, a stray IOMAP is dropped")
    return script.judge()


def _pte_foreign(context: Context, case: Any) -> Mismatch | None:
    """Another domain's frame, as xen_remap_domain_mfn_range() maps it: the number is a machine frame already."""
    machine, _, fill, flags, pick = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    pfn, mfn = int(fill[1]), generate.FOREIGN + pick % 0x1000
    script.act(("foreign", pfn, mfn))
    if "make_pte" in context.facts.calls:
        made = mfn << 12 | flags
        script.want(("make_pte", pfn << 12 | flags), made, f"a PTE of PFN {pfn:#x}, foreign, has the MFN {mfn:#x}")
    value = (generate.FOREIGN + pick % 0x1000) << 12 | flags | context.facts["iomap"]
    script.do(("m2p", generate.FOREIGN + pick % 0x1000, pick % machine.nr_pages))  # its owner's PFN may be one of ours
    script.want(("pte_val", value), value, "a PTE with _PAGE_IOMAP reads back as it is")
    return script.judge()


def _initial_ptes(context: Context) -> st.SearchStrategy[Case]:
    return _ptes(context).map(lambda case: (_as_initial(case[0]), *case[1:]))


def _as_initial(machine: Machine) -> Machine:
    return Machine(machine.nr_pages, True, machine.frames, machine.tail, order=machine.order, arena=machine.arena)


def _pte_absent(context: Context, case: Any) -> Mismatch | None:
    """What is not present is no frame number, and passes as it is."""
    machine, _, _, flags, pick = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    value = (pick % (1 << 30)) << 12 | flags & ~1
    script.want(("make_pte", value), value, "a PTE that is not present is left alone")
    script.want(("pte_val", value), value, "and reads back")
    return script.judge()


@st.composite
def _devices(draw: Any, context: Context) -> Any:
    """A device's frame: past the end of the P2M, or where an unprivileged domain has nothing."""
    machine = draw(generate.wholes(context, 512))
    end = 1 << (context.facts["mask_shift"] - 12)
    beyond = st.integers(context.limit, end - 1)
    frame = draw(beyond if machine.initial else st.one_of(beyond, st.integers(machine.nr_pages, context.limit - 1)))
    return machine, frame, draw(flags_of(context))


def _pte_device(context: Context, case: Any) -> Mismatch | None:
    """Who asks for _PAGE_IOMAP where the P2M can't tell gets it, as before the scheme: a device is there."""
    machine, frame, flags = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    value = frame << 12 | flags | context.facts["iomap"]
    if frame >= context.facts["isa_end"] // 4096:
        script.want(("make_pte", value), value, f"a PTE of the device's frame {frame:#x} keeps it")
    return script.judge()


@st.composite
def _below_and_above_isa(draw: Any, context: Context) -> Any:
    machine = draw(generate.wholes(context, 0x400, initial=False))
    return msgspec.structs.replace(machine, arena=0x200), draw(flags_of(context))  # the run's pages out of the way


def _pte_isa(context: Context, case: Any) -> Mismatch | None:
    """What an unprivileged domain gave back on either side of the end of the ISA range: below there is no device."""
    machine, flags = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    end, iomap = context.facts["isa_end"] // 4096, context.facts["iomap"]
    below, above = (end - 1) << 12 | flags | iomap, end << 12 | flags | iomap
    script.act(("release", end - 1))
    script.act(("release", end))
    script.want(("make_pte", below), 0, f"a PTE of the missing PFN {end - 1:#x}, in the ISA range, is empty")
    script.want(("make_pte", above), above, f"a PTE of the device's frame {end:#x} keeps it")
    return script.judge()


PROPERTIES = (
    Property("9-ram", 9, "A PTE of RAM has its MFN, and reads back", claims.needs("make_pte"), _ptes, _pte_ram),
    Property("9-missing", 9, "A PTE of a missing PFN is empty", claims.needs("make_pte"), _ptes, _pte_missing),
    Property("9-identity", 9, "A PTE of an identity PFN keeps it and is marked _PAGE_IOMAP", claims.pte_marks,
             lambda context: _ptes(context, ranges=True), _pte_identity),
    Property("9-stray", 9, "A stray _PAGE_IOMAP on RAM is dropped", claims.pte_strips, _ptes, _pte_stray),
    Property("9-foreign", 9, "A PTE of another domain's frame has its MFN, and reads back as it is",
             claims.needs("pte_val"), _initial_ptes, _pte_foreign),
    Property("9-device", 9, "A PTE with _PAGE_IOMAP keeps its frame where the P2M knows nothing",
             claims.needs("make_pte"), _devices, _pte_device),
    Property("9-isa", 9, "The same in an unprivileged domain, but not below the end of the ISA range",
             claims.needs("make_pte"), _below_and_above_isa, _pte_isa, 0.2),
    Property("9-absent", 9, "A PTE that is not present is left alone", claims.needs("make_pte"), _ptes, _pte_absent,
             0.3),
)  # fmt: skip
