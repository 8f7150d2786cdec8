"""What a tree claims, and by which definitions: what it does not claim is ABSENT, not broken."""

from __future__ import annotations

import functools
from collections.abc import Callable

from patcher.prove import steps
from patcher.prove.context import Context, Undecided, small_machine
from patcher.prove.history import Script
from patcher.prove.model import Identity
from patcher.prove.protocol import Point
from patcher.prove.scenario import BOOT, RAM, RESERVED, Machine

Claim = tuple[bool, str]

FLAG = 1 << 10  # _PAGE_IOMAP


def any_tree(context: Context) -> Claim:
    return True, "any tree with a P2M"


def marks(context: Context) -> Claim:
    there = bool(context.facts["identity_bit"])
    return there, "IDENTITY_FRAME_BIT is defined" if there else "IDENTITY_FRAME_BIT is not defined"


def reads(context: Context) -> Claim:
    """Asked of the code: does pfn_to_mfn() take the mark away, in the plainest case?"""
    there, reason = marks(context)
    if there:
        machine = small_machine(context.runner, True)
        before = (*BOOT, steps.Booted(), steps.Set(5, 5 | context.facts["identity_mark"]))
        there = context.ask(machine, before, steps.PfnToMfn(5)) == 5
        reason = f"pfn_to_mfn() of an identity entry {'takes' if there else 'does not take'} the mark away"
    return there, reason


def marks_apart(context: Context) -> Claim:
    """FOREIGN_FRAME_BIT of 2.6.37 is bit 31 also on 64 bits, where an MFN can have it."""
    facts = context.facts
    there = reads(context)[0] and facts["foreign_bit"] == 1 << (facts["bits"] - 1)
    return there, f"{'both' if there else 'not both'} marks are above what an MFN can have"


def ranges(context: Context) -> Claim:
    there = "identity" in context.facts.calls
    return there, f"set_phys_range_identity() is {'' if there else 'not '}defined"


def back(context: Context) -> Claim:
    """Asked of the code: does a frame of which Xen's table says nothing lead back to its identity PFN?"""
    there = False
    if "identity" in context.facts.calls:
        machine = small_machine(context.runner, True)
        pfn = machine.nr_pages + 5
        before = (*BOOT, steps.Identity(pfn, pfn + 1), steps.M2p(pfn, 2**31))
        there = context.ask(machine, before, steps.MfnToPfn(pfn)) == pfn
    return there, f"mfn_to_pfn() of an identity frame {'is' if there else 'is not'} its PFN"


def void(context: Context) -> Claim:
    there = isinstance(context.void_initial, Identity)
    return there, f"in the initial domain a void PFN reads as {'identity' if there else 'missing'}"


def walk(context: Context) -> Claim:
    there = "set_phys_range_identity" in context.runner.program.references
    return there, f"the file of xen_memory_setup() {'calls' if there else 'does not call'} set_phys_range_identity()"


def overrides(context: Context) -> Claim:
    """Asked of the code: does a granted frame lead to the page that has it, in the plainest case?"""
    machine, mfn = small_machine(context.runner, False), 0x3F0001  # where a void PFN is no device
    before = (*BOOT, steps.Booted(), steps.M2p(mfn, 2**31), steps.Override(mfn, 5))
    there = context.ask(machine, before, steps.MfnToPfn(mfn)) == 5
    return there, f"mfn_to_pfn() {'asks' if there else 'does not ask'} for m2p overrides"


def _after_walk(context: Context, initial: bool, at: int) -> int | None:
    """How the PFN at this address reads after the walk over a plain map: RAM, at 64 MiB a device's region, at 128 MiB
    some more RAM, in which there is a device's region at 144 MiB, and the end of the map at 256 MiB. The domain was
    given 16 MiB."""
    plain = ((0, 0x9F000, RAM), (1 << 20, 63 << 20, RAM), (64 << 20, 64 << 20, RESERVED), (128 << 20, 64 << 20, RAM),
             (144 << 20, 4 << 20, RESERVED), (192 << 20, 64 << 20, RESERVED))  # fmt: skip
    machine = Machine(0x1000, initial, ((0x1000, 0x400000, 1),), e820=plain, arena=0x100, order=24)
    if "memory" not in context.facts.calls:
        return None
    return context.ask(machine, (*BOOT, steps.Memory()), steps.Get(at // 4096))


def not_given(context: Context) -> Claim:
    """Asked of the code, where void PFNs read as identity: is RAM that the domain was not given told from them?"""
    found = _after_walk(context, True, 160 << 20)
    there = isinstance(context.void_initial, Identity) and found == context.facts["invalid"]
    return there, f"RAM that the initial domain was not given is {'' if there else 'not '}told from void"


def both(context: Context) -> Claim:
    """Asked of the code, where the map is walked: is a region of devices in the middle of RAM one of devices?"""
    found, mark = _after_walk(context, True, 145 << 20), context.facts["identity_mark"]
    there = walk(context)[0] and bool(mark) and found == (145 << 20) // 4096 | mark
    return there, f"a device in the middle of RAM {'is' if there else 'is not'} identity"


def passed_through(context: Context) -> Claim:
    """Asked of the code: are devices in the map of an unprivileged domain identity?"""
    found, mark = _after_walk(context, False, 80 << 20), context.facts["identity_mark"]
    there = bool(mark) and found == (80 << 20) // 4096 | mark
    return there, f"a device in an unprivileged domain's map {'is' if there else 'is not'} identity"


def shared(context: Context) -> Claim:
    there = bool(context.facts["p2m_identity"])
    return there, f"p2m_identity is {'' if there else 'not '}defined"


def tells(context: Context) -> Claim:
    """Asked of the code: is a lost race told at all?"""
    machine, pfn = small_machine(context.runner, True), context.limit // 2 + 5
    script = Script(context, machine)
    script.do(*BOOT, steps.Booted())
    before = script.ask(steps.Stats())
    script.do(steps.Race(Point.ALLOC, 1, steps.Set(pfn ^ 1, 7), steps.Set(pfn, 6)))
    after = script.ask(steps.Stats())
    outcome = context.decided(script.scenario)
    there = outcome.done and outcome.of(after).messages > outcome.of(before).messages
    return there, f"a lost race is {'' if there else 'not '}told"


def high_map(context: Context) -> Claim:
    """Raises Undecided where the program lacks the code that clears the end of the map of the kernel's image."""
    high = context.runner.program.high
    if high.lacking:
        raise Undecided(high.lacking)
    return high.claimed, high.reason


def needs(call: str) -> Callable[[Context], Claim]:
    def claim(context: Context) -> Claim:
        there = call in context.facts.calls
        return there, f"the tree {'has' if there else 'lacks'} the function behind {call!r}"

    return claim


def flag(context: Context) -> int:
    """_PAGE_IOMAP, or the bit that it was where the tree has it no longer."""
    return context.facts["iomap"] or FLAG


def highest(context: Context) -> int:
    """The highest frame that must be mapped 1-1: half of those that a PTE can name, as the others may be of use to tell
    something by."""
    return (1 << (context.facts["mask_shift"] - 13)) - 1


@functools.lru_cache(maxsize=8)
def marks_read(context: Context) -> bool:
    """Asked of the code: does a marked PTE read back as it is, although Xen's table has one of our PFNs for its
    frame? Then devices must be marked."""
    pte = 7 << 12 | context.facts["present"] | context.facts["iomap"]
    machine = small_machine(context.runner, True)
    return bool(context.facts["iomap"]) and context.ask(machine, (*BOOT, steps.M2p(7, 9)), steps.PteVal(pte)) == pte


@functools.lru_cache(maxsize=8)
def marks_made(context: Context) -> bool:
    """Asked of the code: does a mark have a frame kept of which the P2M of an unprivileged domain knows nothing?"""
    machine = small_machine(context.runner, False)
    pte = machine.nr_pages + 5 << 12 | context.facts["present"] | flag(context)
    return context.ask(machine, BOOT, steps.MakePte(pte)) == pte


def marks_nothing(context: Context) -> Claim:
    """Asked of the code: are the P2M's missing PFNs missing, whatever mark a caller sets?"""
    there = "make_pte" in context.facts.calls and ranges(context)[0] and not marks_made(context)
    return there, f"a mark on a PTE {'means nothing' if there else 'is believed'} where the P2M has nothing"


def keeps_frames(context: Context) -> Claim:
    """Asked of the code: does mprotect() keep another domain's frame that has the number of one of our PFNs?"""
    there = False
    if "modify" in context.facts.calls:
        pte = 7 << 12 | context.facts["present"]
        before = (*BOOT, steps.Booted(), steps.M2p(7, 9))
        question = steps.Modify(pte | context.facts["iomap"], context.facts["present"])
        answer = context.ask(small_machine(context.runner, True), before, question)
        there = answer is not None and answer & ~FLAG == pte
    return there, f"mprotect() {'keeps' if there else 'does not keep'} a frame of another domain"


def unmarked(context: Context) -> Claim:
    """Asked of the code: is a device past the end of the P2M mapped without a mark?"""
    there = False
    if "make_pte" in context.facts.calls and "add_device" in context.facts.calls:
        pte = context.limit + 5 << 12 | context.facts["present"]
        answer = context.ask(small_machine(context.runner, True), BOOT, steps.MakePte(pte))
        there = answer is not None and answer & ~FLAG == pte
    return there, f"a device past the end of the P2M {'is' if there else 'is not'} mapped without a mark"


def low_mapped(context: Context) -> Claim:
    there, reason = keeps_frames(context)
    return (there, reason) if not there else walk(context)


def pte_kept(context: Context) -> Claim:
    """Asked of the code: does a PTE of an identity PFN keep it without help?"""
    value = _probe_pte(context)
    there = value is not None and bool(value & context.facts["present"])
    return there, f"a PTE of an identity PFN {'keeps' if there else 'does not keep'} it by itself"


@functools.lru_cache(maxsize=8)
def pte_mark(context: Context) -> int:
    """What a PTE of an identity PFN is to be marked with: that is asked for by who reads it, or done in the plainest
    case."""
    iomap = context.facts["iomap"]
    return iomap if marks_read(context) else iomap & (_probe_pte(context) or 0)


def pte_strips(context: Context) -> Claim:
    """Asked of the code: is _PAGE_IOMAP on ordinary memory taken away? Where a mark means nothing it may stay."""
    facts, (nothing, reason) = context.facts, marks_nothing(context)
    if nothing:
        return True, reason
    machine = small_machine(context.runner, True)
    value = context.ask(machine, (*BOOT, steps.Booted()), steps.MakePte(5 << 12 | facts["present"] | facts["iomap"]))
    there = bool(facts["iomap"]) and value is not None and not value & facts["iomap"]
    return there, f"_PAGE_IOMAP on RAM is {'' if there else 'not '}taken away"


def _probe_pte(context: Context) -> int | None:
    """A PTE of an identity PFN."""
    facts = context.facts
    if "identity" not in facts.calls or "make_pte" not in facts.calls:
        return None
    machine = small_machine(context.runner, True)
    pfn = machine.nr_pages + 5
    return context.ask(machine, (*BOOT, steps.Identity(pfn, pfn + 1)), steps.MakePte(pfn << 12 | facts["present"]))
