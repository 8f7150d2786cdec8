"""Property 8: running out of memory, early and late, and racing with another CPU."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import strategies as st

from patcher.prove import generate
from patcher.prove.history import Action, Context, Mismatch, Script, steps_of, tell
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Case, Property
from patcher.prove.properties.life import Life, live, lives
from patcher.prove.properties.maps import any_map
from patcher.prove.scenario import BOOT, Machine


class _Short(NamedTuple):
    machine: Machine
    early: tuple[Action, ...]
    action: Action
    at: int


@st.composite
def _shorts(draw: Any, context: Context) -> _Short:
    life = draw(lives(context))
    action = draw(generate.fills(context, life.machine))
    if draw(st.booleans()):  # where there is neither a leaf nor a mid page: it takes three
        mid = context.per_page**2
        first = -(-life.machine.nr_pages // mid)
        place = draw(st.integers(first, context.limit // mid - 1)) * mid + draw(st.integers(0, mid - 1))
        action = ("fill", place, action[2])
    return _Short(life.machine, life.early, action, draw(st.integers(1, 4)))


def _nothing_lost(script: Script) -> None:
    """Each page that was allocated is in the tree, or was given back; where the tree's tables have our names."""
    facts = script.context.facts
    if facts["p2m_top"] and facts["p2m_top_mfn_p"]:
        script.want(("lost",), 0, "no page is lost: all are in use, or given back")


def _out_of_memory(context: Context, case: _Short) -> Mismatch | None:
    """An update without memory says so and changes nothing; with memory again, it works."""
    script, _ = live(context, Life(case.machine, case.early, ()))
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
    _nothing_lost(script)
    return script.judge()


def _half(context: Context, case: _Short) -> Mismatch | None:
    """Half of an update is there, as memory ran out, and then the domain is resumed with other frames."""
    script, _ = live(context, Life(case.machine, case.early, ()))
    m2p, update = steps_of(context, case.action)
    before = len(script._steps)
    script.do(m2p, ("fail", case.at, 1), update)
    scenario, outcome = script.play()
    if not outcome.done:
        return script.compare(scenario, outcome)
    if outcome.answers[before + 2]:
        return None  # it did without, or with less
    script.do(("fail", 1000, 0))
    script.act(("resume", 0x777))
    if case.at > 1:  # else nothing is half made, and what the resume left out is 7-beyond's
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
    life = draw(lives(context))
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
    at = draw(
        st.sampled_from((1, 1, 2, 3))
        if point == "alloc"
        else st.integers(1, 6)
        if point != "step"
        else st.integers(1, 400)
    )
    return _Race(life.machine, life.early, action, rival, point, at)


def _raced(context: Context, case: _Race) -> Mismatch | None:
    """A rival makes an update of its own, all of it, in the middle of ours: both must be there, and no page lost."""
    script, _ = live(context, Life(case.machine, case.early, ()))
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
    _nothing_lost(script)
    return script.judge()


def _told(context: Context, case: tuple[Machine, int, int, int]) -> Mismatch | None:
    """Nothing is said of an update that nobody disturbs; of lost races, in parts of the tree far apart, the first."""
    machine, base, first, second = case
    mid = context.per_page**2
    script = Script(context, machine)
    script.do(*BOOT, ("booted",))
    before = _messages(script)
    script.act(("fill", base * mid, 0xD00000))
    quiet = _messages(script)
    counts = []
    for number, low in enumerate((first, second), 1):
        pfn = (base + number) * mid + low
        *_, ours = steps_of(context, ("fill", pfn, 0xD00000 + 2 * number))
        *_, rival = steps_of(context, ("fill", pfn ^ 1, 0xD00001 + 2 * number))
        script.do(("race", "alloc", 1, rival, ours))
        counts.append(_messages(script))
    scenario, outcome = script.play()
    if not outcome.done:
        return script.compare(scenario, outcome)
    stats = [outcome.answers[at] for at in (before, quiet, *counts)]
    said = [later.messages - stats[0].messages for later in stats[1:]]
    lost = [later.freed > earlier.freed for earlier, later in pairwise(stats[1:])]
    if not all(lost):
        return None  # the tree does without a page where another one came first
    for at, wanted, found in zip((quiet, *counts), (0, 1, 1), said, strict=True):
        if found != wanted:
            return Mismatch(scenario, at, f"{wanted} messages: a lost race is told, once", f"{found}", outcome)
    return None


def _messages(script: Script) -> int:
    """The index of a new step that counts them."""
    script.do(("stats",))
    return len(script._steps) - 1


def _tellings(context: Context) -> st.SearchStrategy[Case]:
    leaf, mid = context.per_page, context.per_page**2
    low = st.integers(0, mid - 1)

    def cases(machine: Machine) -> st.SearchStrategy[Case]:
        first = -(-machine.nr_pages // mid)
        return st.tuples(st.just(machine), st.integers(first, leaf - 3), low, low)

    return generate.wholes(context, 512).flatmap(cases)


def _boots(context: Context) -> st.SearchStrategy[Case]:
    """With a map, or without; and the worst cases."""
    return st.one_of(
        generate.costliest(context), generate.crowded(context), any_map(context), generate.machines(context, 512)
    )


def _brk(context: Context, machine: Machine) -> Mismatch | None:
    """Boot with what RESERVE_BRK() has, and not with the page allocator."""
    script = Script(context, machine)
    script.do(*BOOT)
    if machine.e820 and "memory" in context.facts.calls:
        script.do(("memory",))
    return script.judge()


PROPERTIES = (
    Property("8-brk", 8, "Boot needs no more early pages than RESERVE_BRK() has, and no others", claims.any_tree,
             _boots, _brk),
    Property("8-memory", 8, "Running out of memory is reported, and changes nothing", claims.any_tree, _shorts,
             _out_of_memory),
    Property("8-half", 8, "A resume after memory ran out in the middle of an update goes well", claims.any_tree,
             _shorts, _half),
    Property("8-race", 8, "A rival that comes while a page is allocated loses nothing, and we lose nothing",
             claims.any_tree, lambda context: _races(context, ("alloc",)), _raced, 2.0),
    Property("8-told", 8, "A lost race is told, once", claims.tells, _tellings, _told, 0.3),
    Property("8-race-any", 8, "The same for a rival at any other instruction that was tried", claims.any_tree,
             lambda context: _races(context, ("locked", "after_locked", "step")), _raced),
)  # fmt: skip
