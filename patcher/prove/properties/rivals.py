"""Property 8: running out of memory, early and late, and racing with another CPU."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import msgspec

from patcher.prove import generate
from patcher.prove.actions import Fill, Release, Resume, SetRange
from patcher.prove.choices import Source
from patcher.prove.history import Context, Mismatch, Script
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Property
from patcher.prove.properties.life import Life, life, live
from patcher.prove.properties.maps import any_map
from patcher.prove.scenario import BOOT, Machine, Step

Point = Literal["alloc", "locked", "after_locked", "step"]


class Short(msgspec.Struct, frozen=True):
    """An update whose ``at``-th allocation fails."""

    machine: Machine
    early: tuple[SetRange, ...]
    fill: Fill
    at: int


class Race(msgspec.Struct, frozen=True):
    """An update, and another CPU's, which comes when the first is at the ``at``-th such point."""

    machine: Machine
    early: tuple[SetRange, ...]
    fill: Fill
    rival: Fill | Release
    point: Point
    at: int


class LostRaces(msgspec.Struct, frozen=True):
    """Two races that are lost, in mid pages of their own, at these PFNs in them; ``base``: the mid page before."""

    machine: Machine
    base: int
    first: int
    second: int


def _in_mid_page(source: Source, context: Context, machine: Machine) -> int:
    """A PFN where there is neither a leaf nor a mid page: its update takes three pages."""
    mid = context.per_page**2
    first = -(-machine.nr_pages // mid)
    return source.integer(first, context.limit // mid - 1) * mid + source.integer(0, mid - 1)


def _short(source: Source, context: Context) -> Short:
    case = life(source, context)
    fill = generate.fill(source, context, case.machine)
    if source.boolean():
        fill = Fill(_in_mid_page(source, context, case.machine), fill.mfn)
    return Short(case.machine, case.early, fill, source.integer(1, 4))


def _nothing_lost(script: Script) -> None:
    """Each page that was allocated is in the tree, or was given back; where the tree's tables have our names."""
    facts = script.context.facts
    if facts["p2m_top"] and facts["p2m_top_mfn_p"]:
        script.want(("lost",), 0, "no page is lost: all are in use, or given back")


def _out_of_memory(context: Context, case: Short) -> Mismatch | None:
    """An update without memory says so and changes nothing; with memory again, it works."""
    script, _ = live(context, Life(case.machine, case.early))
    m2p, update = case.fill.steps(context.facts)
    script.do(m2p, ("fail", case.at, 1))
    at = script.ask(update)
    scenario, outcome = script.play()
    if not outcome.done:
        return script.compare(scenario, outcome)
    if outcome.answers[at]:
        case.fill.tell(script.model)
    script.do(("fail", 1000, 0))
    script.look([case.fill.pfn], tools=True)
    script.act(case.fill)
    script.look([case.fill.pfn], tools=True)
    _nothing_lost(script)
    return script.judge()


def _half(context: Context, case: Short) -> Mismatch | None:
    """Half of an update is there, as memory ran out, and then the domain is resumed with other frames."""
    script, _ = live(context, Life(case.machine, case.early))
    m2p, update = case.fill.steps(context.facts)
    script.do(m2p, ("fail", case.at, 1))
    at = script.ask(update)
    scenario, outcome = script.play()
    if not outcome.done:
        return script.compare(scenario, outcome)
    if outcome.answers[at]:
        return None  # it did without, or with less
    script.do(("fail", 1000, 0))
    script.act(Resume(0x777))
    if case.at > 1:  # else nothing is half made, and what the resume left out is 7-beyond's
        script.look([case.fill.pfn], tools=True)
    script.act(case.fill)
    script.look([case.fill.pfn], tools=True)
    return script.judge()


def _race(source: Source, context: Context, points: tuple[Point, ...]) -> Race:
    case = life(source, context)
    machine, leaf, mid = case.machine, context.per_page, context.per_page**2
    fill = generate.fill(source, context, machine)
    if source.integer(0, 3):  # where there is no leaf, and mostly no mid page
        fill = Fill(_in_mid_page(source, context, machine), fill.mfn)
    pfn = fill.pfn

    def beside() -> int:
        return pfn - pfn % mid + source.integer(0, mid - 1)

    other = source.one_of(
        lambda: pfn ^ leaf, beside, lambda: pfn ^ 1, beside, lambda: generate.pfn(source, context, machine)
    )
    first, end = generate.taken(context, machine)
    if first <= other < end or other == pfn or other >= context.limit:
        other = pfn ^ 1 if not first <= pfn ^ 1 < end else pfn + 1
    other = min(other, context.limit - 1)
    rival: Fill | Release = Fill(other, 0xDFFFFF) if source.integer(0, 3) else Release(other)
    point = source.choice(points)
    at = source.choice((1, 1, 2, 3)) if point == "alloc" else source.integer(1, 400 if point == "step" else 6)
    return Race(machine, case.early, fill, rival, point, at)


def _race_at_page(source: Source, context: Context) -> Race:
    return _race(source, context, ("alloc",))


def _race_anywhere(source: Source, context: Context) -> Race:
    return _race(source, context, ("locked", "after_locked", "step"))


def _raced(context: Context, case: Race) -> Mismatch | None:
    """A rival makes an update of its own, all of it, in the middle of ours: both must be there, and no page lost."""
    script, _ = live(context, Life(case.machine, case.early))
    *beside, update = case.fill.steps(context.facts)
    *rival_beside, rival = case.rival.steps(context.facts)
    script.do(*beside, *rival_beside)
    at = script.ask(("race", case.point, case.at, rival, update))
    if case.fill.pfn == case.rival.pfn:
        return None
    case.fill.tell(script.model)
    scenario, outcome = script.play()
    if outcome.done:
        answer = outcome.answers[at]
        assert isinstance(answer, tuple)
        if not answer[0]:
            return Mismatch(scenario, at, "the update works, there is memory", "it says false", outcome)
        if answer[1]:
            if not answer[2]:
                return Mismatch(scenario, at, "the rival's update works, there is memory", "it says false", outcome)
            case.rival.tell(script.model)
    script.look([case.fill.pfn, case.rival.pfn], tools=True)
    _nothing_lost(script)
    return script.judge()


def _told(context: Context, case: LostRaces) -> Mismatch | None:
    """Nothing is said of an update that nobody disturbs; of lost races, in parts of the tree far apart, the first."""
    mid, count = context.per_page**2, ("stats",)
    script = Script(context, case.machine)
    script.do(*BOOT, ("booted",))
    before = script.ask(count)
    script.act(Fill(case.base * mid, 0xD00000))
    quiet = script.ask(count)
    counts = []
    for number, low in enumerate((case.first, case.second), 1):
        pfn = (case.base + number) * mid + low
        ours: Step = ("set", pfn, 0xD00000 + 2 * number)
        rival: Step = ("set", pfn ^ 1, 0xD00001 + 2 * number)
        script.do(("race", "alloc", 1, rival, ours))
        counts.append(script.ask(count))
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


def _lost_races(source: Source, context: Context) -> LostRaces:
    leaf, mid = context.per_page, context.per_page**2
    machine = generate.whole(source, context, 512)
    base = source.integer(-(-machine.nr_pages // mid), leaf - 3)
    return LostRaces(machine, base, source.integer(0, mid - 1), source.integer(0, mid - 1))


def _boot(source: Source, context: Context) -> Machine:
    """With a map, or without; and the worst cases."""
    return source.one_of(
        lambda: generate.costliest(source, context), lambda: generate.crowded(source, context),
        lambda: any_map(source, context), lambda: generate.machine(source, context, 512),
    )  # fmt: skip


def _brk(context: Context, machine: Machine) -> Mismatch | None:
    """Boot with what RESERVE_BRK() has, and not with the page allocator."""
    script = Script(context, machine)
    script.do(*BOOT)
    if machine.e820 and "memory" in context.facts.calls:
        script.do(("memory",))
    return script.judge()


PROPERTIES = (
    Property("8-brk", 8, "Boot needs no more early pages than RESERVE_BRK() has, and no others", claims.any_tree,
             Machine, _boot, _brk),
    Property("8-memory", 8, "Running out of memory is reported, and changes nothing", claims.any_tree, Short, _short,
             _out_of_memory),
    Property("8-half", 8, "A resume after memory ran out in the middle of an update goes well", claims.any_tree,
             Short, _short, _half),
    Property("8-race", 8, "A rival that comes while a page is allocated loses nothing, and we lose nothing",
             claims.any_tree, Race, _race_at_page, _raced, 2.0),
    Property("8-told", 8, "A lost race is told, once", claims.tells, LostRaces, _lost_races, _told, 0.3),
    Property("8-race-any", 8, "The same for a rival at any other instruction that was tried", claims.any_tree, Race,
             _race_anywhere, _raced),
)  # fmt: skip
