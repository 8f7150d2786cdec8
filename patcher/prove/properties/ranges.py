"""Properties 1, 2, 5 and 6: identity, in single entries and in ranges."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import strategies as st

from patcher.prove import generate
from patcher.prove.history import Action, Context, Mismatch, Script, small_machine
from patcher.prove.model import Identity
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Case, Property
from patcher.prove.protocol import Why
from patcher.prove.scenario import BOOT, Machine

OUT_OF_STEPS = 27  # the signal that a scenario ends with at the limit of its instructions


class Ranges(NamedTuple):
    machine: Machine
    actions: tuple[Action, ...]


@st.composite
def _with_ranges(draw: Any, context: Context) -> Ranges:
    machine = draw(generate.wholes(context, 512))
    drawn = draw(st.lists(generate.ranges(context, machine), min_size=1, max_size=4))
    if len(drawn) > 1 and draw(st.booleans()):  # touching, or overlapping
        _, start, end = drawn[0]
        drawn[1] = (drawn[1][0], draw(st.sampled_from((start, end, max(start, end - 1)))), max(end, drawn[1][2]))
    return Ranges(machine, tuple(drawn))


def booted(context: Context, case: Ranges) -> Script:
    """A domain with its ranges, up to the end of boot."""
    script = Script(context, case.machine)
    script.do(*BOOT)
    for action in case.actions:
        script.act(action)
    script.do(("booted",))
    return script


def _identity_reads(context: Context, case: Ranges) -> Mismatch | None:
    script = booted(context, case)
    points = {
        each for _, start, end in case.actions for each in (int(start), (int(start) + int(end)) // 2, int(end) - 1)
    }
    for pfn in sorted(each for each in points if isinstance(script.model.meaning(each), Identity)):
        script.want(("pfn_to_mfn", pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
        script.want(("valid", pfn), 1, f"PFN {pfn:#x} counts as valid")
    return script.judge()


def _pieces(context: Context, case: Ranges) -> Mismatch | None:
    script = booted(context, case)
    script.look(())
    return script.judge()


def _marked(context: Context, case: tuple[Machine, list[int]]) -> Mismatch | None:
    machine, pfns = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    facts = context.facts
    if facts["identity_mark"] != facts["identity_bit"] or facts["identity_mark"] & facts["foreign_mark"]:
        said = f"IDENTITY_FRAME() sets {facts['identity_mark']:#x}, FOREIGN_FRAME() sets {facts['foreign_mark']:#x}"
        wanted = "IDENTITY_FRAME() sets IDENTITY_FRAME_BIT, and FOREIGN_FRAME() another bit"
        scenario, outcome = script.play()
        return Mismatch(scenario, 0, wanted, said, outcome)
    for pfn in pfns:
        script.act(("mark", pfn))
        script.want(("pfn_to_mfn", pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
    script.look(pfns)
    return script.judge()


def _marks(context: Context) -> st.SearchStrategy[Case]:
    return generate.wholes(context).flatmap(
        lambda machine: st.tuples(st.just(machine), st.lists(generate.pfns(context, machine), min_size=1, max_size=5))
    )


def _void_reads(context: Context, case: tuple[Machine, list[int]]) -> Mismatch | None:
    machine, pfns = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    for pfn in (each for each in pfns if machine.nr_pages <= each < context.limit):
        script.want(("get", pfn), context.raw(Identity(), pfn), f"void PFN {pfn:#x} is identity")
        script.want(("pfn_to_mfn", pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
    return script.judge()


def _voids(context: Context) -> st.SearchStrategy[Case]:
    return generate.wholes(context, initial=True).flatmap(
        lambda machine: st.tuples(st.just(machine), st.lists(generate.pfns(context, machine), min_size=1, max_size=8))
    )


def _same_number(context: Context, case: tuple[Machine, list[int]]) -> Mismatch | None:
    """RAM whose MFN is its PFN: of the list, and filled in."""
    machine, pfns = case
    facts = context.facts
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    for pfn in pfns:
        script.act(("fill", pfn, pfn))
        script.want(("get", pfn), pfn, f"PFN {pfn:#x} with the MFN {pfn:#x} is RAM")
        if "make_pte" in facts.calls:
            plain = pfn << 12 | facts["present"]
            script.want(("make_pte", plain), plain, f"a PTE of RAM at PFN {pfn:#x} is not marked as a device's")
            script.want(("pte_val", plain), plain, "and reads back")
    script.look(pfns)
    return script.judge()


def _same_numbers(context: Context) -> st.SearchStrategy[Case]:
    def cases(machine: Machine) -> st.SearchStrategy[Case]:
        most = generate.FOREIGN - 1
        pfn = generate.pfns(context, machine).map(lambda pfn: pfn if pfn < most else machine.nr_pages + pfn % 0x1000)
        return st.tuples(st.just(machine), st.lists(pfn, min_size=1, max_size=5, unique=True))

    return generate.wholes(context).flatmap(cases)


def _wide(context: Context, case: tuple[Machine, int, int, int]) -> Mismatch | None:
    """Frame numbers as large as page tables can name, and marks that are no part of one."""
    machine, pfn, frame, foreign = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    script.act(("fill", pfn, frame))
    script.want(("get", pfn), frame, f"RAM with the MFN {frame:#x} is RAM")
    script.want(("pfn_to_mfn", pfn), frame, f"pfn_to_mfn() of RAM is its MFN {frame:#x}")
    script.act(("foreign", pfn, foreign))
    script.want(("pfn_to_mfn", pfn), foreign, f"pfn_to_mfn() of a foreign frame is its MFN {foreign:#x}")
    script.act(("mark", pfn))
    script.want(("pfn_to_mfn", pfn), pfn, f"pfn_to_mfn() of identity is {pfn:#x}")
    return script.judge()


def _wides(context: Context) -> st.SearchStrategy[Case]:
    most = min(context.facts["mask_shift"] - 12, context.runner.bits - 2)
    frame = st.one_of(st.integers(0, 2**most - 1), st.integers(0, most - 1).map(lambda bit: 1 << bit))
    return generate.machines(context).flatmap(
        lambda machine: st.tuples(st.just(machine), generate.pfns(context, machine), frame, frame)
    )


@st.composite
def _stale(draw: Any, context: Context) -> tuple[Ranges, list[int], int]:
    machine = draw(generate.wholes(context, 512))
    action = ("identity", *draw(generate.ranges(context, machine))[1:])
    picks = draw(st.lists(st.integers(0, 2**40), min_size=1, max_size=4))
    return Ranges(machine, (action,)), picks, draw(st.one_of(st.integers(0, machine.nr_pages - 1), st.just(2**31)))


def _back(context: Context, case: tuple[Ranges, list[int], int]) -> Mismatch | None:
    """From the frame of a device back to its PFN, whatever Xen's table says of a frame that is no memory."""
    given, picks, stale = case
    script = booted(context, given)
    start, end = given.actions[0][1:]
    for pfn in sorted({start, end - 1, *(start + pick % (end - start) for pick in picks)} if start < end else ()):
        script.do(("m2p", pfn, stale))
        script.want(("mfn_to_pfn", pfn), pfn, f"mfn_to_pfn({pfn:#x}) of an identity frame is {pfn:#x}")
    return script.judge()


def _costs(context: Context, case: tuple[Machine, Action, bool]) -> Mismatch | None:
    """Pages and pointers always; instructions in some of the cases, as it takes long to count them."""
    machine, action, timed = case
    _, start, end = (action[0], int(action[1]), int(action[2]))
    leaf = context.per_page
    script = Script(context, machine)
    script.do(*BOOT, ("snapshot",), ("limit", 4_000_000 if timed else 0))
    script.act(action)
    at = len(script._steps)
    script.do(("limit", 0), ("diff",))
    scenario, outcome = script.play()
    wrong = script.compare(scenario, outcome)
    if wrong:
        return wrong
    steps, (written, pages) = outcome.answers[at], outcome.answers[at + 1]
    assert isinstance(steps, int)
    span = max(0, end - start)
    # For an end inside a leaf that one, for an end inside a mid page that one and its page of the MFN tree, and none
    # for what is whole; into old ones at most an entry or a pointer for what is stored singly, and for each whole leaf.
    allowed = sum((edge % leaf != 0) + 2 * (edge % leaf**2 != 0) for edge in (start, end))
    pointers = 2 * leaf + min(span // leaf, 2 * leaf) + span // leaf**2 + 8
    if pages > allowed:
        wanted = f"at most {allowed} pages: for an end inside a leaf or a mid page, none for whole ones"
        return Mismatch(scenario, at, wanted, f"{pages} pages", outcome)
    if written > pointers:
        return Mismatch(scenario, at, f"at most {pointers} pointers written", f"{written}", outcome)
    most = 60 * (pointers + 6 * leaf) + 4000
    if steps > most:  # 0 where they were not counted
        return Mismatch(scenario, at, f"time in the number of pointers: {most} instructions", f"{steps}", outcome)
    return None


@st.composite
def _stored_again(draw: Any, context: Context) -> tuple[Ranges, list[int]]:
    if "identity" in context.facts.calls:
        case = draw(_with_ranges(context))
    else:
        case = Ranges(draw(generate.wholes(context, 512)), ())
    points = draw(st.lists(generate.pfns(context, case.machine), min_size=1, max_size=3))
    return case, [*points, *(int(start) for _, start, _ in case.actions)]


def _same_again(context: Context, case: tuple[Ranges, list[int]]) -> Mismatch | None:
    """What a lookup says already needs no page, also where the leaf is a shared one."""
    given, points = case
    script = Script(context, given.machine)
    script.do(*BOOT)
    for action in given.actions:
        script.act(action)
    script.do(("snapshot",))
    for kind, start, end in given.actions[-1:]:  # what it means now: also in its parts
        for part in ((start, end), (start + (end - start) // 3, end), (start, start + (end - start) // 3 * 2)):
            script.act((kind, *part))
    script.want(("diff",), (0, 0), "(entries changed, pages allocated) where a range is stored again")
    script.do(("booted",), ("snapshot",))
    for pfn in points:
        if pfn < context.limit:
            value = context.raw(script.model.meaning(pfn), pfn)
            script.want(("set", pfn, value), 1, f"set_phys_to_machine({pfn:#x}) says true")
    script.want(("diff",), (0, 0), "(entries changed, pages allocated) where nothing new is stored")
    return script.judge()


def _rebuild(context: Context, machine: Machine) -> Mismatch | None:
    """The tree of MFNs is made again in time by the mid pages there are. One small domain: counting is slow."""
    allowed = 500 * context.per_page  # 100 for each entry of the shared pages, of the top, and of one mid page
    script = Script(context, machine)
    script.do(*BOOT, ("booted",), ("limit", allowed), ("list",), ("limit", 0))
    scenario, outcome = script.play()
    if outcome.why is Why.SIGNAL and outcome.numbers[0] == OUT_OF_STEPS:
        wanted = f"time in the number of pointers: {allowed} instructions"
        return Mismatch(scenario, outcome.at, wanted, "more", outcome)
    return script.compare(scenario, outcome)


def _one_range(context: Context) -> st.SearchStrategy[Case]:
    return generate.wholes(context, 512).flatmap(
        lambda machine: st.tuples(
            st.just(machine), generate.ranges(context, machine), st.integers(0, 5).map(lambda n: n == 5)
        )
    )


PROPERTIES = (
    Property(
        "1-entry", 1, "A PFN that was stored as identity reads back as itself", claims.reads, _marks, _marked
    ),
    Property(
        "1-range", 1, "A range that was made identity reads back as itself", claims.ranges,
        _with_ranges, _identity_reads,
    ),
    Property(
        "1-back", 1, "The frame of an identity PFN leads back to it", claims.back, _stale, _back
    ),
    Property(
        "1-void", 1, "In the initial domain a PFN that nothing was said of is identity", claims.void, _voids,
        _void_reads,
    ),
    Property("2-ram", 2, "RAM whose MFN happens to be its PFN is RAM", claims.marks, _same_numbers, _same_number),
    Property(
        "2-wide", 2, "Whatever its number, a frame is what it was stored as", claims.marks_apart, _wides, _wide
    ),
    Property(
        "5-cost", 5, "A range costs two leaf and two mid pages at most, and time by pointers, not by PFNs",
        claims.ranges, _one_range, _costs, 0.5,
    ),
    Property(
        "5-same", 5, "Storing what a lookup says already takes no page, and changes nothing", claims.any_tree,
        _stored_again, _same_again, 0.5,
    ),
    Property(
        "5-rebuild", 5, "The tree of MFNs is made again in time by pages there are, not by those there could be",
        claims.any_tree, lambda context: st.just(small_machine(context.runner, True)), _rebuild,
    ),
    Property(
        "6-pieces", 6, "Ranges of any start, length and overlap are what they were made, and nothing else is",
        claims.ranges, _with_ranges, _pieces,
    ),
)  # fmt: skip
