"""The properties of the design, each with the way it is checked.

A check draws a case, makes a script of it, and judges what the code under test answered. Checks marked as claimed by
any tree hold for every P2M; the others wait for the definitions of the scheme, and are ABSENT before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from patcher.prove import generate
from patcher.prove.history import Action, Context, Mismatch, Script, shown, small_machine, steps_of, tell, void_of
from patcher.prove.model import Foreign, Identity, Missing, Ram, devices, inside
from patcher.prove.run import Facts
from patcher.prove.scenario import BOOT, ENOSYS, RAM, Machine, Scenario

Case = Any
Claim = tuple[bool, str]


class Property(NamedTuple):
    """``number`` is the design's. ``claim`` says whether the tree claims it, and by what; ``cases`` draws, ``check``
    runs one. ``weight`` scales the number of examples."""

    id: str
    number: int
    statement: str
    claim: Callable[[Context], Claim]
    cases: Callable[[Context], st.SearchStrategy[Case]]
    check: Callable[[Context, Case], Mismatch | None]
    weight: float = 1.0


# --- claims


def any_tree(context: Context) -> Claim:
    return True, "any tree with a P2M"


def _mark(context: Context) -> Claim:
    there = bool(context.facts["identity_bit"])
    return there, "IDENTITY_FRAME_BIT is defined" if there else "IDENTITY_FRAME_BIT is not defined"


def _range(context: Context) -> Claim:
    there = "identity" in context.facts.calls
    return there, f"set_phys_range_identity() is {'' if there else 'not '}defined"


def _void(context: Context) -> Claim:
    there = isinstance(context.void_initial, Identity)
    return there, f"in the initial domain a void PFN reads as {'identity' if there else 'missing'}"


def _walk(context: Context) -> Claim:
    there = "set_phys_range_identity" in context.runner.program.references
    return there, f"the file of xen_memory_setup() {'calls' if there else 'does not call'} set_phys_range_identity()"


def _shared(context: Context) -> Claim:
    there = bool(context.facts["p2m_identity"])
    return there, f"p2m_identity is {'' if there else 'not '}defined"


def _needs(call: str) -> Callable[[Context], Claim]:
    def claim(context: Context) -> Claim:
        there = call in context.facts.calls
        return there, f"the tree {'has' if there else 'lacks'} the function behind {call!r}"

    return claim


def _pte_marks(context: Context) -> Claim:
    """Asked of the code: is a PTE of an identity PFN marked without help?"""
    value = _probe_pte(context, flags=0)
    there = value is not None and bool(value & context.facts["iomap"])
    return there, f"a PTE of an identity PFN {'gets' if there else 'does not get'} _PAGE_IOMAP by itself"


def _pte_strips(context: Context) -> Claim:
    """Asked of the code: is _PAGE_IOMAP on ordinary memory taken away?"""
    facts = context.facts
    machine = small_machine(context.runner, True)
    outcome = context.runner.play(
        Scenario(machine, (*BOOT, ("booted",), ("make_pte", 5 << 12 | facts["present"] | facts["iomap"])))
    )
    there = outcome.done and not int(str(outcome.answers[-1])) & facts["iomap"]
    return there, f"_PAGE_IOMAP on RAM is {'' if there else 'not '}taken away"


def _probe_pte(context: Context, flags: int) -> int | None:
    facts = context.facts
    if "identity" not in facts.calls or "make_pte" not in facts.calls or not facts["iomap"]:
        return None
    machine = small_machine(context.runner, True)
    pfn = machine.nr_pages + 5
    steps = (*BOOT, ("identity", pfn, pfn + 1), ("make_pte", pfn << 12 | facts["present"] | flags))
    outcome = context.runner.play(Scenario(machine, steps))
    return int(str(outcome.answers[-1])) if outcome.done else None


# --- 1, 2, 5, 6: ranges and marks


class _Ranges(NamedTuple):
    machine: Machine
    actions: tuple[Action, ...]
    late: tuple[Action, ...]


def _whole(context: Context, machine: Machine) -> Machine:
    """The machine with its last leaf full: what lies behind the list is a property of its own, 3-last-leaf."""
    pages = machine.nr_pages + -machine.nr_pages % context.per_page
    *others, (count, mfn, step) = machine.frames
    grown = (*others, (count + pages - machine.nr_pages, mfn, step))
    return Machine(pages, machine.initial, grown, machine.tail, order=machine.order, arena=machine.arena)


@st.composite
def _with_ranges(draw: Any, context: Context, most: int, late: int) -> _Ranges:
    machine = _whole(context, draw(generate.machines(context, 512)))
    drawn = draw(st.lists(generate.ranges(context, machine), min_size=1, max_size=most))
    if len(drawn) > 1 and draw(st.booleans()):  # touching, or overlapping
        _, start, end = drawn[0]
        drawn[1] = (drawn[1][0], draw(st.sampled_from((start, end, max(start, end - 1)))), max(end, drawn[1][2]))
    after = generate.once(draw(st.lists(generate.updates(context, machine), max_size=late))) if late else []
    return _Ranges(machine, tuple(drawn), tuple(after))


def _booted(context: Context, case: _Ranges) -> Script:
    """A domain with its ranges, up to the end of boot."""
    script = Script(context, case.machine)
    script.do(*BOOT)
    for action in case.actions:
        script.act(action)
    script.do(("booted",))
    return script


def _identity_reads(context: Context, case: _Ranges) -> Mismatch | None:
    script = _booted(context, case)
    points = {
        each for _, start, end in case.actions for each in (int(start), (int(start) + int(end)) // 2, int(end) - 1)
    }
    for pfn in sorted(each for each in points if isinstance(script.model.meaning(each), Identity)):
        script.want(("pfn_to_mfn", pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
        script.want(("valid", pfn), 1, f"PFN {pfn:#x} counts as valid")
    return script.judge()


def _pieces(context: Context, case: _Ranges) -> Mismatch | None:
    script = _booted(context, case)
    script.look(())
    return script.judge()


def _marked(context: Context, case: tuple[Machine, list[int]]) -> Mismatch | None:
    machine, pfns = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    for pfn in pfns:
        script.act(("mark", pfn))
        script.want(("pfn_to_mfn", pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
    script.look(pfns)
    return script.judge()


def _marks(context: Context) -> st.SearchStrategy[Case]:
    return generate.machines(context).flatmap(
        lambda machine: st.tuples(st.just(machine), st.lists(generate.pfns(context, machine), min_size=1, max_size=5))
    )


def _void_reads(context: Context, case: tuple[Machine, list[int]]) -> Mismatch | None:
    machine, pfns = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    first = machine.nr_pages + -machine.nr_pages % context.per_page
    for pfn in (each for each in pfns if first <= each < context.limit):
        script.want(("get", pfn), context.raw(Identity(), pfn), f"void PFN {pfn:#x} is identity")
        script.want(("pfn_to_mfn", pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
    return script.judge()


def _voids(context: Context) -> st.SearchStrategy[Case]:
    return generate.machines(context, initial=True).flatmap(
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
        most = generate._FOREIGN - 1
        pfn = generate.pfns(context, machine).map(lambda pfn: pfn if pfn < most else machine.nr_pages + pfn % 0x1000)
        return st.tuples(st.just(machine), st.lists(pfn, min_size=1, max_size=5, unique=True))

    return generate.machines(context).flatmap(cases)


def _costs(context: Context, case: tuple[Machine, Action]) -> Mismatch | None:
    machine, action = case
    _, start, end = (action[0], int(action[1]), int(action[2]))
    leaf = context.per_page
    script = Script(context, machine)
    script.do(*BOOT, ("snapshot",), ("limit", 4_000_000))
    script.act(action)
    at = len(script._steps)
    script.do(("limit", 0), ("diff",))
    scenario, outcome = script.play()
    wrong = script.compare(scenario, outcome)
    if wrong:
        return wrong
    steps, (written, pages) = outcome.answers[at], outcome.answers[at + 1]  # type: ignore[misc]
    assert isinstance(steps, int)
    span = max(0, end - start)
    # Two leaf pages, two mid pages, and the pages of the MFN tree beside the latter; into old ones at most an entry or pointer for what is stored singly, and for each whole leaf.
    pointers = 2 * leaf + min(span // leaf, 2 * leaf) + span // leaf**2 + 8
    if pages > 6:
        wanted = "at most two leaf pages, and two mid pages with their pages of MFNs"
        return Mismatch(scenario, at, wanted, f"{pages} pages", outcome)
    if written > pointers:
        return Mismatch(scenario, at, f"at most {pointers} pointers written", f"{written}", outcome)
    allowed = 60 * (pointers + 6 * leaf) + 4000
    if steps > allowed:
        return Mismatch(scenario, at, f"time in the number of pointers: {allowed} instructions", f"{steps}", outcome)
    return None


def _one_range(context: Context) -> st.SearchStrategy[Case]:
    machines = generate.machines(context, 512).map(lambda machine: _whole(context, machine))
    return machines.flatmap(lambda machine: st.tuples(st.just(machine), generate.ranges(context, machine)))


# --- 3, 4, 7: any domain, any update


class _Life(NamedTuple):
    machine: Machine
    early: tuple[Action, ...]
    late: tuple[Action, ...]


@st.composite
def _lives(draw: Any, context: Context, *, resumes: bool = False) -> _Life:
    machine = _whole(context, draw(generate.machines(context, 512)))
    early: list[Action] = []
    if "identity" in context.facts.calls:
        early = draw(st.lists(generate.ranges(context, machine), max_size=2))
    late = generate.once(draw(st.lists(generate.updates(context, machine), min_size=1, max_size=5)))
    if resumes:
        late.insert(draw(st.integers(0, len(late))), ("resume", draw(generate.KEYS)))
    return _Life(machine, tuple(early), tuple(late))


def _live(context: Context, life: _Life) -> tuple[Script, list[int]]:
    script = Script(context, life.machine)
    script.do(*BOOT)
    for action in life.early:
        script.act(action)
    script.do(("booted",))
    points = [int(action[1]) for action in life.late if action[0] != "resume"]
    return script, points


def _frame_rule(context: Context, life: _Life) -> Mismatch | None:
    script, points = _live(context, life)
    for action in life.late:
        script.act(action)
        if len(life.late) <= 2:
            script.look(points)
    script.look(points)
    return script.judge()


def _view(context: Context, life: _Life) -> Mismatch | None:
    script, points = _live(context, life)
    for action in life.late:
        script.act(action)
    script.look(points, tools=True)
    return script.judge()


def _resumed(context: Context, life: _Life) -> Mismatch | None:
    """The tools renumber, and read, what they were told of: PFNs below nr_pages."""
    script, points = _live(context, life)
    limit = script.model.given
    for action in life.late:
        if action[0] == "resume" or int(action[1]) < limit:
            script.act(action)
    script.look(points, tools=True, below=limit)
    return script.judge()


def _resumed_beyond(context: Context, life: _Life) -> Mismatch | None:
    """After a resume, the part of the tree past the last PFN the tools know of must be in step as well."""
    script, points = _live(context, life)
    resume = next(action for action in life.late if action[0] == "resume")
    beyond = max(points)
    script.act(("release", beyond))
    script.act(resume)
    script.act(("fill", max(beyond, life.machine.nr_pages + 7), 0xEFFFFF))
    script.look([beyond], tools=True)
    return script.judge()


def _missing(context: Context, case: tuple[Machine, list[tuple[int, int]]]) -> Mismatch | None:
    """The balloon: frames go, come back as others, and go again."""
    machine, frames = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    facts = context.facts
    for pfn, mfn in frames:
        for action in (("release", pfn), ("fill", pfn, mfn), ("release", pfn)):
            script.act(action)
            script.want(("get", pfn), context.raw(script.model.meaning(pfn), pfn))
        script.want(("pfn_to_mfn", pfn), facts["invalid"], f"pfn_to_mfn({pfn:#x}) of a missing PFN is invalid")
        script.want(("valid", pfn), 0, f"a missing PFN {pfn:#x} is not valid")
    script.want(("get", context.limit), facts["invalid"], "past the end of the tree everything is missing")
    script.want(("get", 2**context.runner.bits - 1), facts["invalid"], "and at the end of all numbers")
    return script.judge()


def _balloons(context: Context) -> st.SearchStrategy[Case]:
    def cases(machine: Machine) -> st.SearchStrategy[Case]:
        mfn = st.integers(generate._BALLOON, generate._BALLOON + 0xFFFFF)
        pairs = st.tuples(generate.pfns(context, machine), mfn)
        return st.tuples(st.just(machine), st.lists(pairs, min_size=1, max_size=5, unique_by=lambda pair: pair[1]))

    return generate.machines(context).flatmap(cases)


def _last_leaf(context: Context, machine: Machine) -> Mismatch | None:
    """Past nr_pages, up to the end of the last leaf."""
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    leaf = context.per_page
    given = min(machine.nr_pages, context.facts["max_domain_pages"])
    end = given + -given % leaf
    invalid = context.facts["invalid"]
    for pfn in sorted({given, (given + end) // 2, end - 1} if given < end else ()):
        script.want(("get", pfn), invalid, f"PFN {pfn:#x}, past nr_pages in the last leaf, is missing")
    script.want(("get", given - 1), machine.frame(given - 1), "the last PFN of the list has its MFN")
    return script.judge()


def _shared_leaf(context: Context, life: _Life) -> Mismatch | None:
    """The shared pages hold what the tools understand, whatever happened."""
    script, _ = _live(context, life)
    for action in life.late:
        script.act(action)
    leaf, facts = context.per_page, context.facts
    address = facts["p2m_identity"]
    at = len(script._steps)
    script.do(("peek", address, 1))
    scenario, outcome = script.play()
    wrong = script.compare(scenario, outcome)
    if wrong:
        return wrong
    page = outcome.answers[at][0]  # type: ignore[index]
    if not page:
        return None
    script.want(("peek", int(page), leaf), (facts["invalid"],) * leaf, "p2m_identity holds only INVALID_P2M_ENTRY")
    return script.judge()


# --- 8: running out, and racing


class _Short(NamedTuple):
    machine: Machine
    early: tuple[Action, ...]
    action: Action
    at: int
    again: bool


@st.composite
def _shorts(draw: Any, context: Context) -> _Short:
    life = draw(_lives(context))
    action = draw(generate.fills(context, life.machine))
    return _Short(life.machine, life.early, action, draw(st.integers(1, 4)), draw(st.booleans()))


def _out_of_memory(context: Context, case: _Short) -> Mismatch | None:
    """An update without memory says so and changes nothing; with memory again, it works."""
    script, _ = _live(context, _Life(case.machine, case.early, ()))
    before = len(script._steps)
    m2p, update = steps_of(context, case.action)
    script.do(m2p, ("fail", case.at, 1), update)
    scenario, outcome = script.play()
    if not outcome.done:
        return script.compare(scenario, outcome)
    worked = outcome.answers[before + 2]
    if worked:
        tell(script.model, case.action)
    script.do(("fail", 1000, 0))
    script.look([int(case.action[1])], tools=True)
    script.act(case.action)
    script.look([int(case.action[1])], tools=True)
    return script.judge()


class _Race(NamedTuple):
    machine: Machine
    early: tuple[Action, ...]
    action: Action
    rival: Action
    point: str
    at: int


@st.composite
def _races(draw: Any, context: Context, points: tuple[str, ...]) -> _Race:
    life = draw(_lives(context))
    leaf, mid = context.per_page, context.per_page**2
    action = draw(generate.fills(context, life.machine))
    if draw(st.integers(0, 3)):  # where there is no leaf, and mostly no mid page
        first = -(-life.machine.nr_pages // mid)
        place = draw(st.integers(first, context.limit // mid - 1)) * mid + draw(st.integers(0, mid - 1))
        action = ("fill", place, action[2])
    pfn = int(action[1])
    other = draw(
        st.one_of(
            st.just(pfn ^ leaf), st.integers(0, mid - 1).map(lambda low: pfn - pfn % mid + low), st.just(pfn ^ 1),
            st.integers(0, mid - 1).map(lambda low: pfn - pfn % mid + low), generate.pfns(context, life.machine),
        )
    )  # fmt: skip
    first, end = generate.taken(context, life.machine)
    if first <= other < end or other == pfn or other >= context.limit:
        other = pfn ^ 1 if not first <= pfn ^ 1 < end else pfn + 1
    other = min(other, context.limit - 1)
    rival = ("fill", other, 0xDFFFFF) if draw(st.integers(0, 3)) else ("release", other)
    point = draw(st.sampled_from(points))
    at = draw(st.integers(1, 3) if point == "alloc" else st.integers(1, 6) if point != "step" else st.integers(1, 400))
    return _Race(life.machine, life.early, action, rival, point, at)


def _raced(context: Context, case: _Race) -> Mismatch | None:
    """A rival makes an update of its own, all of it, in the middle of ours: both must be there, and no page lost."""
    script, _ = _live(context, _Life(case.machine, case.early, ()))
    *beside, update = steps_of(context, case.action)
    *rival_beside, rival = steps_of(context, case.rival)
    script.do(*beside, *rival_beside)
    at = len(script._steps)
    script.do(("race", case.point, case.at, rival, update))
    if case.action[1] == case.rival[1]:
        return None
    tell(script.model, case.action)
    scenario, outcome = script.play()
    if outcome.done:
        answer = outcome.answers[at]
        assert isinstance(answer, tuple)
        if not answer[0]:
            return Mismatch(scenario, at, "the update works, there is memory", "it says false", outcome)
        if answer[1]:
            if not answer[2]:
                return Mismatch(scenario, at, "the rival's update works, there is memory", "it says false", outcome)
            tell(script.model, case.rival)
    script.look([int(case.action[1]), int(case.rival[1])], tools=True)
    return script.judge()


def _brk(context: Context, case: Any) -> Mismatch | None:
    """Boot with what RESERVE_BRK() has, and not with the page allocator."""
    machine, tell_tools = case
    script = Script(context, machine)
    script.do(*BOOT)
    if tell_tools and "memory" in context.facts.calls:
        script.do(("memory",))
    return script.judge()


# --- 9: PTEs


def _flags(context: Context) -> st.SearchStrategy[int]:
    """Present, and what else a PTE of memory may have; no PAT, no _PAGE_IOMAP."""
    return st.lists(st.sampled_from((1, 2, 5, 6, 8, 9)), max_size=4).map(
        lambda bits: 1 | sum(1 << b for b in set(bits))
    )


def _frames_fit(context: Context, frame: int) -> bool:
    return frame < 1 << (context.facts["mask_shift"] - 12)


@st.composite
def _ptes(draw: Any, context: Context, *, ranges: bool = False) -> Any:
    machine = _whole(context, draw(generate.machines(context, 512)))
    actions = [("identity", *draw(generate.ranges(context, machine))[1:])] if ranges else []
    return machine, tuple(actions), draw(generate.fills(context, machine)), draw(_flags(context)), draw(st.integers())


def _pte_ram(context: Context, case: Any) -> Mismatch | None:
    machine, actions, fill, flags, pick = case
    script = _booted(context, _Ranges(machine, actions, ()))
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
    script = _booted(context, _Ranges(machine, actions, ()))
    iomap = context.facts["iomap"]
    start, end = int(actions[0][1]), int(actions[0][2])
    for pfn in sorted({start, start + pick % max(1, end - start), end - 1} if start < end else ()):
        for asked in (flags, flags | iomap):
            made = pfn << 12 | flags | iomap
            script.want(("make_pte", pfn << 12 | asked), made, f"a PTE of identity PFN {pfn:#x} keeps it, marked IOMAP")
        if machine.initial:
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
    machine, _, _, flags, pick = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    value = (generate._FOREIGN + pick % 0x1000) << 12 | flags | context.facts["iomap"]
    script.do(("m2p", generate._FOREIGN + pick % 0x1000, pick % machine.nr_pages))  # its owner's PFN may be one of ours
    script.want(("pte_val", value), value, "a PTE with _PAGE_IOMAP reads back as it is")
    return script.judge()


def _initial_ptes(context: Context) -> st.SearchStrategy[Case]:
    return _ptes(context).map(lambda case: (_as_initial(case[0]), *case[1:]))


def _as_initial(machine: Machine) -> Machine:
    return Machine(machine.nr_pages, True, machine.frames, machine.tail, order=machine.order, arena=machine.arena)


def _pte_absent(context: Context, case: Any) -> Mismatch | None:
    """What is not present is no frame number, and passes as it is."""
    machine, _, fill, flags, pick = case
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    value = (pick % (1 << 30)) << 12 | flags & ~1
    script.want(("make_pte", value), value, "a PTE that is not present is left alone")
    script.want(("pte_val", value), value, "and reads back")
    return script.judge()


# --- 10, 11: domains and their maps


@st.composite
def _mapped(draw: Any, context: Context, initial: bool | None = None) -> Machine:
    size = draw(st.one_of(st.integers(0x600, 0x3000), generate.near(0x1000), generate.near(2 * context.per_page**2, 9)
                          if draw(st.integers(0, 15)) == 0 else st.integers(0x600, 0x1800)))  # fmt: skip
    size = max(size, 0x400 + 3 * (size // context.per_page))
    return Machine(
        size, draw(st.booleans()) if initial is None else initial, ((size, 0x400000, 1),), draw(generate._TAILS),
        draw(generate.maps(context, size)), arena=0x100, order=generate.ORDER,
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


def _any_map(context: Context, initial: bool | None = None) -> st.SearchStrategy[Machine]:
    return st.tuples(_mapped(context, initial), st.integers(0, 1000)).map(lambda case: _real(context, case[0], case[1]))


def _boot_with_map(context: Context, machine: Machine) -> tuple[Script, Any, int, int] | Mismatch:
    """Boot; the script, its facts, and the balloon's PFNs [start, end) as the tree sets them up."""
    script = Script(context, machine)
    script.do(*BOOT, ("memory",))
    at = len(script._steps)
    script.do(("facts",), ("booted",))
    scenario, outcome = script.play()
    if not outcome.done:
        wrong = script.compare(scenario, outcome)
        assert wrong is not None
        return wrong
    facts = outcome.answers[at]
    assert isinstance(facts, Facts)
    start, size = facts["extra_start"], facts["extra_size"]
    return script, facts, -(-start // 4096), (start + size) // 4096


def _walked(context: Context, machine: Machine) -> Mismatch | None:
    booted = _boot_with_map(context, machine)
    if isinstance(booted, Mismatch):
        return booted
    script, facts, balloon, balloon_end = booted
    sure, unclear = devices(machine.e820)
    sure.append((facts["isa_start"] // 4096, facts["isa_end"] // 4096))
    end = max((addr + size) // 4096 for addr, size, _ in machine.e820)
    unclear.append((end, context.limit))  # what was given past the end of the map: no region, and no gap
    given = min(machine.nr_pages, context.facts["max_domain_pages"])
    edges = {given, *(edge for each in (*sure, *unclear) for edge in each)}
    edges.update(edge for addr, size, _ in machine.e820 for edge in (addr // 4096, (addr + size) // 4096))
    points = {edge + delta for edge in edges for delta in (-2, -1, 0, 1)}
    points |= {(start + end) // 2 for start, end in sure}
    for pfn in sorted(each for each in points if 0 <= each < context.limit):
        if balloon <= pfn < balloon_end:
            continue
        frame = machine.frame(pfn) if pfn < given else None
        if inside(pfn, sure):
            script.want(
                ("get", pfn), context.raw(Identity(), pfn), f"PFN {pfn:#x}, in a gap or region of devices, is identity"
            )
        elif inside(pfn, unclear) or frame is None:
            continue
        else:
            script.want(("get", pfn), frame, f"RAM at PFN {pfn:#x} keeps its MFN {frame:#x}")
    return script.judge()


def _balloon_missing(context: Context, machine: Machine) -> Mismatch | None:
    booted = _boot_with_map(context, machine)
    if isinstance(booted, Mismatch):
        return booted
    script, _, start, end = booted
    leaf, mid = context.per_page, context.per_page**2
    start = max(start, machine.nr_pages + -machine.nr_pages % leaf)  # the last leaf of the list is 3-last-leaf's
    points = {
        start,
        start + 1,
        (start + end) // 2,
        end - 1,
        start + -start % leaf,
        start + -start % mid,
        end - end % leaf,
    }
    points |= {each - 1 for each in points}
    for pfn in sorted(each for each in points if start <= each < min(end, context.limit)):
        script.want(("get", pfn), context.facts["invalid"], f"PFN {pfn:#x}, in the balloon's region, is missing")
    return script.judge()


def _isa(context: Context, machine: Machine) -> Mismatch | None:
    booted = _boot_with_map(context, machine)
    if isinstance(booted, Mismatch):
        return booted
    script, facts, _, _ = booted
    first, end = facts["isa_start"] // 4096, facts["isa_end"] // 4096
    for pfn in (first, (first + end) // 2, end - 1):
        if machine.initial:
            script.want(("get", pfn), context.raw(Identity(), pfn), f"the ISA range's PFN {pfn:#x} is identity")
        else:
            frame = machine.frame(pfn)
            script.want(("get", pfn), frame, f"in an unprivileged domain the ISA range's PFN {pfn:#x} is RAM")
    return script.judge()


@st.composite
def _plain_domains(draw: Any, context: Context) -> Any:
    """An unprivileged domain without devices: its map is RAM from 0, or there is none."""
    size = draw(st.integers(0x600, 0x3000))
    more = draw(st.sampled_from((0, 0, 0x800000, 0x10000000)))
    answer = draw(st.sampled_from((0, 0, ENOSYS)))
    machine = Machine(
        size, False, ((size, 0x400000, 1),), draw(generate._TAILS), ((0, size * 4096 + more, RAM),), answer, arena=0x100,
        order=generate.ORDER,
    )  # fmt: skip
    return machine, draw(st.lists(generate.pfns(context, machine), max_size=6)), draw(_flags(context))


def _not_its_own(context: Context, case: Any) -> Mismatch | None:
    machine, pfns, flags = case
    booted = _boot_with_map(context, machine)
    if isinstance(booted, Mismatch):
        return booted
    script, _, _, _ = booted
    leaf = context.per_page
    beyond = machine.nr_pages + -machine.nr_pages % leaf  # the rest of the last leaf is property 3's
    for pfn in sorted({*pfns, beyond, beyond + leaf, context.limit - 1}):
        if pfn >= beyond:
            script.want(
                ("pfn_to_mfn", pfn), context.facts["invalid"], f"PFN {pfn:#x}, not the domain's, leads to no frame"
            )
            if "make_pte" in context.facts.calls and _frames_fit(context, pfn):
                script.want(("make_pte", pfn << 12 | flags), 0, f"a PTE of PFN {pfn:#x} is empty")
    return script.judge()


def _translated(context: Context, case: tuple[Machine, int]) -> Mismatch | None:
    machine, pfn = case
    script = Script(context, machine)
    script.want(("pfn_to_mfn", pfn), pfn, f"pfn_to_mfn({pfn:#x}) is {pfn:#x}")
    script.want(("mfn_to_pfn", pfn), pfn, f"mfn_to_pfn({pfn:#x}) is {pfn:#x}")
    script.want(("set", pfn, pfn), 1, "set_phys_to_machine() says true")
    script.want(("set", pfn, context.facts["invalid"]), 1, "set_phys_to_machine() says true")
    script.want(("valid", pfn), 1)
    return script.judge()


def _translateds(context: Context) -> st.SearchStrategy[Case]:
    machine = Machine(256, False, ((256, 0x400000, 1),), order=generate.ORDER, translated=True)
    return st.tuples(st.just(machine), st.integers(0, context.limit - 1))


PROPERTIES = (
    Property("1-entry", 1, "A PFN that was stored as identity reads back as itself", _mark, _marks, _marked),
    Property("1-range", 1, "A range that was made identity reads back as itself", _range,
             lambda c: _with_ranges(c, 4, 0), _identity_reads),
    Property("1-void", 1, "In the initial domain a PFN that nothing was said of is identity", _void, _voids, _void_reads),
    Property("2-ram", 2, "RAM whose MFN happens to be its PFN is RAM", _mark, _same_numbers, _same_number),
    Property("3-missing", 3, "What the balloon took is missing, before and after it gives back", any_tree, _balloons,
             _missing),
    Property("3-last-leaf", 3, "Past nr_pages in the last leaf everything is missing", any_tree, generate.machines,
             _last_leaf),
    Property("3-balloon", 3, "The balloon's region reads as missing after the E820 walk", _needs("memory"), _any_map,
             _balloon_missing, 0.5),
    Property("4-frame", 4, "Setting a PFN changes the lookup of that PFN only", any_tree, _lives, _frame_rule),
    Property("5-cost", 5, "A range costs two leaf and two mid pages at most, and time by pointers, not by PFNs", _range, _one_range, _costs,
             0.3),
    Property("6-pieces", 6, "Ranges of any start, length and overlap are identity to the PFN, and nothing else is", _range,
             lambda c: _with_ranges(c, 4, 0), _pieces),
    Property("7-view", 7, "The toolstack reads what a lookup says", any_tree, _lives, _view),
    Property("7-resume", 7, "After resume, all MFNs changed, the toolstack reads what a lookup says", any_tree,
             lambda c: _lives(c, resumes=True), _resumed),
    Property("7-beyond", 7, "The same past the last PFN that the tools were told of", any_tree,
             lambda c: _lives(c, resumes=True), _resumed_beyond),
    Property("7-shared", 7, "The shared identity leaf holds nothing but INVALID_P2M_ENTRY", _shared, _lives, _shared_leaf,
             0.5),
    Property("8-brk", 8, "Boot needs no more early pages than RESERVE_BRK() has, and no others", any_tree,
             lambda c: st.tuples(st.one_of(_any_map(c), generate.machines(c, 512)), st.booleans()).map(
                 lambda case: (case[0], bool(case[0].e820))), _brk),
    Property("8-memory", 8, "Running out of memory is reported, and changes nothing", any_tree, _shorts, _out_of_memory),
    Property("8-race", 8, "A rival that comes while a page is allocated loses nothing, and we lose nothing", any_tree,
             lambda c: _races(c, ("alloc",)), _raced),
    Property("8-race-any", 8, "The same for a rival at any other instruction that was tried", any_tree,
             lambda c: _races(c, ("locked", "after_locked", "step")), _raced, 0.5),
    Property("9-ram", 9, "A PTE of RAM has its MFN, and reads back", _needs("make_pte"), _ptes, _pte_ram),
    Property("9-missing", 9, "A PTE of a missing PFN is empty", _needs("make_pte"), _ptes, _pte_missing),
    Property("9-identity", 9, "A PTE of an identity PFN keeps it and is marked _PAGE_IOMAP", _pte_marks,
             lambda c: _ptes(c, ranges=True), _pte_identity),
    Property("9-stray", 9, "A stray _PAGE_IOMAP on RAM is dropped", _pte_strips, _initial_ptes, _pte_stray),
    Property("9-foreign", 9, "A PTE of another domain's frame reads back as it is", _needs("pte_val"), _initial_ptes,
             _pte_foreign),
    Property("9-absent", 9, "A PTE that is not present is left alone", _needs("make_pte"), _ptes, _pte_absent, 0.3),
    Property("10-isa", 10, "The ISA range is identity in the initial domain, RAM in others", _walk, _any_map, _isa),
    Property("10-own", 10, "An unprivileged domain without devices comes to no frame that is not its own", _needs("memory"),
             _plain_domains, _not_its_own),
    Property("10-translated", 10, "An auto-translated guest is untouched", any_tree, _translateds, _translated, 0.3),
    Property("11-walk", 11, "In the raw E820 gaps and regions of devices become identity, RAM and the rest do not", _walk,
             lambda c: _any_map(c, True), _walked, 2.0),
)  # fmt: skip

__all__ = ["PROPERTIES", "Foreign", "Missing", "Property", "shown", "void_of"]
