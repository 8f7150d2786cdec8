"""Properties 1, 2, 5 and 6: identity, in single entries and in ranges."""

from __future__ import annotations

import msgspec

from patcher.prove import generate, steps
from patcher.prove.actions import Fill, MarkIdentity, PutForeign, SetRange
from patcher.prove.choices import Source
from patcher.prove.context import Context, small_machine
from patcher.prove.history import Mismatch, Script, booted
from patcher.prove.model import Identity
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Property
from patcher.prove.protocol import Why
from patcher.prove.scenario import BOOT, Machine

OUT_OF_TURNS = 27  # the signal that a scenario ends with at the limit of its turns


class Ranges(msgspec.Struct, frozen=True):
    """A domain in which ranges are set before the end of boot."""

    machine: Machine
    ranges: tuple[SetRange, ...]


class Pfns(msgspec.Struct, frozen=True):
    """A domain, and PFNs of it to try."""

    machine: Machine
    pfns: tuple[int, ...]


class Numbers(msgspec.Struct, frozen=True):
    """A PFN, and the frames that it is given in turn: one of the domain's own, and another domain's."""

    machine: Machine
    pfn: int
    own: int
    foreign: int


class Stale(msgspec.Struct, frozen=True):
    """A range of identity; PFNs in it to try, each as its distance from the start, and what Xen's table says of their
    frames."""

    machine: Machine
    range: SetRange
    distances: tuple[int, ...]
    stale: int


class Cost(msgspec.Struct, frozen=True):
    """A range; ``counted``: also its instructions, which takes long."""

    machine: Machine
    range: SetRange
    counted: bool


class Again(msgspec.Struct, frozen=True):
    """Ranges, and PFNs whose entries are stored once more."""

    machine: Machine
    ranges: tuple[SetRange, ...]
    pfns: tuple[int, ...]


def _with_ranges(source: Source, context: Context) -> Ranges:
    machine = generate.whole(source, context, 512)
    drawn = list(source.several(lambda: generate.set_range(source, context, machine), 1, 4))
    if len(drawn) > 1 and source.boolean():  # touching, or overlapping
        start, end = drawn[0].start, drawn[0].end
        other = source.choice((start, end, max(start, end - 1)))
        drawn[1] = SetRange(drawn[1].kind, other, max(end, drawn[1].end))
    return Ranges(machine, tuple(drawn))


def _identity_reads(context: Context, case: Ranges) -> Mismatch | None:
    script = booted(context, case.machine, case.ranges)
    points = {pfn for each in case.ranges for pfn in (each.start, (each.start + each.end) // 2, each.end - 1)}
    for pfn in sorted(each for each in points if isinstance(script.model.meaning(each), Identity)):
        script.want(steps.PfnToMfn(pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
        script.want(steps.Valid(pfn), 1, f"PFN {pfn:#x} counts as valid")
    return script.judge()


def _pieces(context: Context, case: Ranges) -> Mismatch | None:
    script = booted(context, case.machine, case.ranges)
    script.look(())
    return script.judge()


def _marked(context: Context, case: Pfns) -> Mismatch | None:
    script = booted(context, case.machine)
    facts = context.facts
    if facts["identity_mark"] != facts["identity_bit"] or facts["identity_mark"] & facts["foreign_mark"]:
        said = f"IDENTITY_FRAME() sets {facts['identity_mark']:#x}, FOREIGN_FRAME() sets {facts['foreign_mark']:#x}"
        wanted = "IDENTITY_FRAME() sets IDENTITY_FRAME_BIT, and FOREIGN_FRAME() another bit"
        scenario, outcome = script.play()
        return Mismatch(scenario, 0, wanted, said, outcome)
    for pfn in case.pfns:
        script.act(MarkIdentity(pfn))
        script.want(steps.PfnToMfn(pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
    script.look(case.pfns)
    return script.judge()


def _marks(source: Source, context: Context) -> Pfns:
    machine = generate.whole(source, context)
    return Pfns(machine, source.several(lambda: generate.pfn(source, context, machine), 1, 5))


def _void_reads(context: Context, case: Pfns) -> Mismatch | None:
    script = booted(context, case.machine)
    for pfn in (each for each in case.pfns if case.machine.nr_pages <= each < context.limit):
        script.want(steps.Get(pfn), context.raw(Identity(), pfn), f"void PFN {pfn:#x} is identity")
        script.want(steps.PfnToMfn(pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
    return script.judge()


def _voids(source: Source, context: Context) -> Pfns:
    machine = generate.whole(source, context, initial=True)
    return Pfns(machine, source.several(lambda: generate.pfn(source, context, machine), 1, 8))


def _same_number(context: Context, case: Pfns) -> Mismatch | None:
    """RAM whose MFN is its PFN: of the list, and filled in."""
    facts = context.facts
    script = booted(context, case.machine)
    for pfn in case.pfns:
        script.act(Fill(pfn, pfn))
        script.want(steps.Get(pfn), pfn, f"PFN {pfn:#x} with the MFN {pfn:#x} is RAM")
        if "make_pte" in facts.calls:
            plain = pfn << 12 | facts["present"]
            script.want(steps.MakePte(plain), plain, f"a PTE of RAM at PFN {pfn:#x} is not marked as a device's")
            script.want(steps.PteVal(plain), plain, "and reads back")
    script.look(case.pfns)
    return script.judge()


def _same_numbers(source: Source, context: Context) -> Pfns:
    machine = generate.whole(source, context)

    def pfn() -> int:
        found = generate.pfn(source, context, machine)
        return found if found < generate.FOREIGN - 1 else machine.nr_pages + found % 0x1000

    return Pfns(machine, tuple(dict.fromkeys(source.several(pfn, 1, 5))))


def _wide(context: Context, case: Numbers) -> Mismatch | None:
    """Frame numbers as large as page tables can name, and marks that are no part of one."""
    pfn, frame, foreign = case.pfn, case.own, case.foreign
    script = booted(context, case.machine)
    script.act(Fill(pfn, frame))
    script.want(steps.Get(pfn), frame, f"RAM with the MFN {frame:#x} is RAM")
    script.want(steps.PfnToMfn(pfn), frame, f"pfn_to_mfn() of RAM is its MFN {frame:#x}")
    script.act(PutForeign(pfn, foreign))
    script.want(steps.PfnToMfn(pfn), foreign, f"pfn_to_mfn() of a foreign frame is its MFN {foreign:#x}")
    script.act(MarkIdentity(pfn))
    script.want(steps.PfnToMfn(pfn), pfn, f"pfn_to_mfn() of identity is {pfn:#x}")
    return script.judge()


def _wides(source: Source, context: Context) -> Numbers:
    bits = min(context.facts["mask_shift"] - 12, context.facts["bits"] - 2)
    machine = generate.machine(source, context)

    def frame() -> int:
        return source.one_of(lambda: source.integer(0, 2**bits - 1), lambda: 1 << source.integer(0, bits - 1))

    return Numbers(machine, generate.pfn(source, context, machine), frame(), frame())


def _stale(source: Source, context: Context) -> Stale:
    machine = generate.whole(source, context, 512)
    found = generate.identity(source, context, machine)
    distances = source.several(lambda: source.integer(0, 2**40), 1, 4)
    return Stale(
        machine, found, distances, source.one_of(lambda: source.integer(0, machine.nr_pages - 1), lambda: 2**31)
    )


def _back(context: Context, case: Stale) -> Mismatch | None:
    """From the frame of a device back to its PFN, whatever Xen's table says of a frame that is no memory."""
    script = booted(context, case.machine, (case.range,))
    start, end = case.range.start, case.range.end
    among = {start, end - 1, *(start + each % (end - start) for each in case.distances)} if start < end else set()
    for pfn in sorted(among):
        script.do(steps.M2p(pfn, case.stale))
        script.want(steps.MfnToPfn(pfn), pfn, f"mfn_to_pfn({pfn:#x}) of an identity frame is {pfn:#x}")
    return script.judge()


def _costs(context: Context, case: Cost) -> Mismatch | None:
    """Pages and pointers always; turns of loops in some of the cases, as it takes long to count them."""
    start, end = case.range.start, case.range.end
    leaf = context.per_page
    script = Script(context, case.machine)
    script.do(*BOOT, steps.Snapshot(), steps.Limit(4_000_000 if case.counted else 0))
    script.act(case.range)
    counted = script.ask(steps.Limit(0))
    changed = script.ask(steps.Diff())
    scenario, outcome = script.play()
    wrong = script.compare(scenario, outcome)
    if wrong:
        return wrong
    turns, (written, pages) = outcome.of(counted), outcome.of(changed)
    span = max(0, end - start)
    # For an end inside a leaf that one, for an end inside a mid page that one and its page of the MFN tree, and none
    # for what is whole; into old ones at most an entry or a pointer for what is stored singly, and for each whole leaf.
    allowed = sum((edge % leaf != 0) + 2 * (edge % leaf**2 != 0) for edge in (start, end))
    pointers = 2 * leaf + min(span // leaf, 2 * leaf) + span // leaf**2 + 8
    if pages > allowed:
        wanted = f"at most {allowed} pages: for an end inside a leaf or a mid page, none for whole ones"
        return Mismatch(scenario, counted.index, wanted, f"{pages} pages", outcome)
    if written > pointers:
        return Mismatch(scenario, counted.index, f"at most {pointers} pointers written", f"{written}", outcome)
    most = 2 * (pointers + 6 * leaf)
    if turns > most:  # 0 where they were not counted
        return Mismatch(
            scenario, counted.index, f"time in the number of pointers: {most} turns of loops", f"{turns}", outcome
        )
    return None


def _stored_again(source: Source, context: Context) -> Again:
    there = "identity" in context.facts.calls
    case = _with_ranges(source, context) if there else Ranges(generate.whole(source, context, 512), ())
    points = source.several(lambda: generate.pfn(source, context, case.machine), 1, 3)
    return Again(case.machine, case.ranges, (*points, *(each.start for each in case.ranges)))


def _same_again(context: Context, case: Again) -> Mismatch | None:
    """What a lookup says already needs no page, also where the leaf is a shared one."""
    script = Script(context, case.machine)
    script.do(*BOOT)
    for each in case.ranges:
        script.act(each)
    script.do(steps.Snapshot())
    for each in case.ranges[-1:]:  # what it means now: also in its parts
        start, end = each.start, each.end
        third = (end - start) // 3
        for first, last in ((start, end), (start + third, end), (start, start + third * 2)):
            script.act(SetRange(each.kind, first, last))
    script.want(steps.Diff(), (0, 0), "(entries changed, pages allocated) where a range is stored again")
    script.do(steps.Booted(), steps.Snapshot())
    for pfn in case.pfns:
        if pfn < context.limit:
            value = context.raw(script.model.meaning(pfn), pfn)
            script.want(steps.Set(pfn, value), 1, f"set_phys_to_machine({pfn:#x}) says true")
    script.want(steps.Diff(), (0, 0), "(entries changed, pages allocated) where nothing new is stored")
    return script.judge()


def _rebuild(context: Context, machine: Machine) -> Mismatch | None:
    """The tree of MFNs is made again in time by the mid pages there are. One small domain: counting is slow."""
    allowed = 32 * context.per_page  # some for each entry of the shared pages, of the top, and of one mid page
    script = Script(context, machine)
    script.do(*BOOT, steps.Booted(), steps.Limit(allowed), steps.List(), steps.Limit(0))
    scenario, outcome = script.play()
    if outcome.why is Why.SIGNAL and outcome.numbers[0] == OUT_OF_TURNS:
        wanted = f"time in the number of pointers: {allowed} turns of loops"
        return Mismatch(scenario, outcome.at, wanted, "more", outcome)
    return script.compare(scenario, outcome)


def _one_range(source: Source, context: Context) -> Cost:
    machine = generate.whole(source, context, 512)
    return Cost(machine, generate.set_range(source, context, machine), source.integer(0, 5) == 5)


def _small(source: Source, context: Context) -> Machine:
    return small_machine(context.runner, True)


PROPERTIES = (
    Property("1-entry", 1, "A PFN that was stored as identity reads back as itself", claims.reads, Pfns, _marks,
             _marked),
    Property("1-range", 1, "A range that was made identity reads back as itself", claims.ranges, Ranges,
             _with_ranges, _identity_reads),
    Property("1-back", 1, "The frame of an identity PFN leads back to it", claims.back, Stale, _stale, _back),
    Property("1-void", 1, "In the initial domain a PFN that nothing was said of is identity", claims.void, Pfns,
             _voids, _void_reads),
    Property("2-ram", 2, "RAM whose MFN happens to be its PFN is RAM", claims.marks, Pfns, _same_numbers,
             _same_number),
    Property("2-wide", 2, "Whatever its number, a frame is what it was stored as", claims.marks_apart, Numbers,
             _wides, _wide),
    Property("5-cost", 5, "A range costs two leaf and two mid pages at most, and time by pointers, not by PFNs",
             claims.ranges, Cost, _one_range, _costs, 0.5),
    Property("5-same", 5, "Storing what a lookup says already takes no page, and changes nothing", claims.any_tree,
             Again, _stored_again, _same_again, 0.5),
    Property("5-rebuild", 5,
             "The tree of MFNs is made again in time by pages there are, not by those there could be",
             claims.any_tree, Machine, _small, _rebuild),
    Property("6-pieces", 6, "Ranges of any start, length and overlap are what they were made, and nothing else is",
             claims.ranges, Ranges, _with_ranges, _pieces),
)  # fmt: skip
