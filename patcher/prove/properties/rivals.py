"""Property 8, as far as it is about races with other CPUs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from patcher.prove import generate, steps
from patcher.prove.actions import Fill, MarkIdentity, Release, SetRange, Update
from patcher.prove.answers import Raced
from patcher.prove.choices import Source
from patcher.prove.context import Context, small_machine
from patcher.prove.history import Mismatch, booted
from patcher.prove.properties import claims
from patcher.prove.properties.kind import Property
from patcher.prove.properties.life import life
from patcher.prove.properties.memory import in_mid_page, nothing_lost
from patcher.prove.protocol import Point
from patcher.prove.scenario import Machine

NEVER = 1 << 20  # a point that no operation reaches


class Race(msgspec.Struct, frozen=True):
    """An update, and another CPU's, which comes while the first allocates its ``at``-th page."""

    machine: Machine
    early: tuple[SetRange, ...]
    fill: Fill
    rival: Fill | Release
    at: int


class Duel(msgspec.Struct, frozen=True):
    """An update, and those of other CPUs: at each point of it, and if there are two, at each pair of points.

    ``before``: what has happened after boot, so that the tree is in the state that the race is about.
    """

    machine: Machine
    early: tuple[SetRange, ...]
    before: tuple[Update, ...]
    ours: Update
    rivals: tuple[Update, ...]


class LostRaces(msgspec.Struct, frozen=True):
    """Two races that are lost, in mid pages of their own, at these PFNs in them; ``base``: the mid page before."""

    machine: Machine
    base: int
    first: int
    second: int


def _race(source: Source, context: Context) -> Race:
    case = life(source, context)
    fill, rival = _contenders(source, context, case.machine)
    return Race(case.machine, case.early, fill, rival, source.choice((1, 1, 2, 3)))


def _contenders(source: Source, context: Context, machine: Machine) -> tuple[Fill, Fill | Release]:
    """An update, mostly where there is no leaf and no mid page, and another one not far from it."""
    leaf, mid = context.per_page, context.per_page**2
    fill = generate.fill(source, context, machine)
    if source.integer(0, 3):
        fill = Fill(in_mid_page(source, context, machine), fill.mfn)
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
    return fill, Fill(other, 0xDFFFFF) if source.integer(0, 3) else Release(other)


def _raced(context: Context, case: Race) -> Mismatch | None:
    """A rival makes an update of its own, all of it, in the middle of ours: both must be there, and no page lost."""
    script = booted(context, case.machine, case.early)
    script.do(*case.fill.before(), *case.rival.before())
    ours, rival = case.fill.call(context.facts), case.rival.call(context.facts)
    race = script.ask(steps.Race(Point.ALLOC, case.at, rival, ours))
    if case.fill.pfn == case.rival.pfn:
        return None
    case.fill.tell(script.model)
    scenario, outcome = script.play()
    if outcome.done:
        raced = outcome.of(race)
        if not raced.answer:
            return Mismatch(scenario, race.index, "the update works, there is memory", "it says false", outcome)
        (other,) = raced.rivals
        if other.came and not other.answer:
            return Mismatch(scenario, race.index, "the rival's update works, there is memory", "it says false", outcome)
        if other.came:
            case.rival.tell(script.model)
    script.look([case.fill.pfn, case.rival.pfn], tools=True)
    nothing_lost(script)
    return script.judge()


def _duel(context: Context, case: Duel) -> Mismatch | None:
    """The rivals come at each point of our update, and all updates are there afterwards, and no page is lost."""
    if not case.rivals:
        return None
    found = _at_points(context, case, Point.ACCESS)
    if isinstance(found, Mismatch):
        return found
    if found:  # a rival writes to the tree's own data: then reading them is a point, too
        found = _at_points(context, case, Point.ACCESS_DATA)
    return found if isinstance(found, Mismatch) else None


def _at_points(context: Context, case: Duel, kind: Point, before: tuple[int, ...] = ()) -> Mismatch | bool:
    """What is wrong at one of the points of this kind, or whether a rival wrote to the tree's own data.

    ``before``: the points at which the first rivals come; what is tried are those of the next one.
    """
    waiting = (*before, *(NEVER,) * (len(case.rivals) - len(before)))
    found = _at(context, case, kind, waiting)
    if isinstance(found, Mismatch):
        return found
    data, trace = found.data, found.trace
    written: frozenset[int] | None = None  # by the rival at the last point that was tried: nothing is known
    for point in range(before[-1] if before else 1, found.points + 1):
        page, writes = trace[point - 1]
        if written is not None and not writes and page not in written:
            continue  # we only read what the rival does not write: it might as well come before
        points = (*before, point)
        left = len(case.rivals) - len(points)
        raced = _at(context, case, kind, (*points, *(NEVER,) * left))
        if isinstance(raced, Mismatch):
            return raced
        written, data = raced.written, data or raced.data
        if left:
            further = _at_points(context, case, kind, points)
            if isinstance(further, Mismatch):
                return further
            data = data or further
    context.runner.points += found.points
    return data


def _at(context: Context, case: Duel, kind: Point, points: tuple[int, ...]) -> Mismatch | Raced:
    """What is wrong where the rivals come at these points, or what the race answered."""
    script = booted(context, case.machine, case.early)
    for action in case.before:
        script.act(action)
    facts = context.facts
    script.do(*case.ours.before(), *(step for rival in case.rivals for step in rival.before()))
    first, *more = zip(points, (rival.call(facts) for rival in case.rivals), strict=True)
    race = script.ask(_race_with(kind, case.ours.call(facts), first, *more))
    case.ours.tell(script.model)
    pfns = [case.ours.pfn, *(each.pfn for each in case.rivals)]
    for rival in case.rivals:
        rival.tell(script.model)
    script.look(pfns, tools=True)
    nothing_lost(script)
    scenario, outcome = script.play()
    if not outcome.done:
        wrong = script.compare(scenario, outcome)
        assert wrong is not None
        return wrong
    raced = outcome.of(race)
    if not raced.answer:
        return Mismatch(scenario, race.index, "the update works, there is memory", "it says false", outcome)
    if any(each.came and not each.answer for each in raced.rivals):
        return Mismatch(scenario, race.index, "the rival's update works, there is memory", "it says false", outcome)
    wrong = script.compare(scenario, outcome) if all(each.came for each in raced.rivals) else None
    return wrong or raced


def _race_with(
    kind: Point, ours: steps.Call, first: tuple[int, steps.Call], second: tuple[int, steps.Call] | None = None
) -> steps.Race:
    """Rivals as (the point at which one comes, its call)."""
    if second is None:
        return steps.Race(kind, *first, ours)
    return steps.RaceOfThree(kind, *first, ours, *second)


def _told(context: Context, case: LostRaces) -> Mismatch | None:
    """Nothing is said of an update that nobody disturbs; of lost races, in parts of the tree far apart, the first."""
    mid, count = context.per_page**2, steps.Stats()
    script = booted(context, case.machine)
    before = script.ask(count)
    script.act(Fill(case.base * mid, 0xD00000))
    quiet = script.ask(count)
    counts = []
    for number, low in enumerate((case.first, case.second), 1):
        pfn = (case.base + number) * mid + low
        ours = steps.Set(pfn, 0xD00000 + 2 * number)
        rival = steps.Set(pfn ^ 1, 0xD00001 + 2 * number)
        script.do(steps.Race(Point.ALLOC, 1, rival, ours))
        counts.append(script.ask(count))
    scenario, outcome = script.play()
    if not outcome.done:
        return script.compare(scenario, outcome)
    stats = [outcome.of(asked) for asked in (before, quiet, *counts)]
    messages = [later.messages - stats[0].messages for later in stats[1:]]
    lost = [later.freed > earlier.freed for earlier, later in pairwise(stats[1:])]
    if not all(lost):
        return None  # the tree does without a page where another one came first
    for asked, wanted, found in zip((quiet, *counts), (0, 1, 1), messages, strict=True):
        if found != wanted:
            return Mismatch(scenario, asked.index, f"{wanted} messages: a lost race is told, once", f"{found}", outcome)
    return None


def _drawn_duel(source: Source, context: Context) -> Duel:
    case = life(source, context)
    fill, rival = _contenders(source, context, case.machine)
    late = tuple(each for each in case.late if isinstance(each, Fill) and each.pfn not in (fill.pfn, rival.pfn))
    rivals = (rival,) if fill.pfn != rival.pfn else ()
    return Duel(case.machine, case.early, late[:1] if source.boolean() else (), fill, rivals)


def duels(context: Context) -> tuple[Duel, ...]:
    """The situations in which a rival is tried at every point: what there is of the tree already, times what we do,
    times what another CPU does beside it; two rivals in a row where ours has most to build."""
    leaf, mid, limit = context.per_page, context.per_page**2, context.limit
    base = 3 * mid  # nothing of the domain is there
    pfn, same_leaf, same_mid = base + 5, base + 4, base + 5 + leaf
    marked = bool(context.facts["identity_mark"])

    def states() -> Iterator[tuple[bool, tuple[SetRange, ...], tuple[Update, ...]]]:
        yield True, (), ()
        yield False, (), ()
        yield True, (), (Fill(same_mid + leaf, 0xD00010),)  # its mid page is there
        yield True, (), (Fill(pfn + 2, 0xD00011),)  # its leaf is there
        if "identity" in context.facts.calls:
            yield True, (SetRange("identity", base, base + mid),), ()  # a shared mid page of shared leaves
            yield True, (SetRange("identity", base + leaf // 2, base + 3 * leaf),), ()  # shared leaves
        if "missing" in context.facts.calls:
            yield True, (SetRange("missing", base, base + 2 * mid),), ()

    found = []
    for initial, early, before in states():
        machine = msgspec.structs.replace(small_machine(context.runner, initial), heap=40)
        others: list[Update] = [Fill(same_leaf, 0xD00001), Fill(same_mid, 0xD00002), Release(same_leaf)]
        ours: list[Update] = [Fill(pfn, 0xD00000), Release(pfn)]
        if marked:
            others.append(MarkIdentity(same_leaf))
            ours.append(MarkIdentity(pfn))
        found += [Duel(machine, early, before, our, (other,)) for our in ours for other in others]
        if not before and len(early) == 0:
            pair = (Fill(same_mid, 0xD00002), Fill(same_leaf, 0xD00001))
            found.append(Duel(machine, early, before, Fill(pfn, 0xD00000), pair))
    assert limit > base + 2 * mid
    return tuple(found)


def _lost_races(source: Source, context: Context) -> LostRaces:
    leaf, mid = context.per_page, context.per_page**2
    machine = generate.whole(source, context, 512)
    base = source.integer(-(-machine.nr_pages // mid), leaf - 3)
    return LostRaces(machine, base, source.integer(0, mid - 1), source.integer(0, mid - 1))


PROPERTIES = (
    Property("8-race", 8, "A rival that comes while a page is allocated loses nothing, and we lose nothing",
             claims.any_tree, Race, _race, _raced),
    Property("8-told", 8, "A lost race is told, once", claims.tells, LostRaces, _lost_races, _told, 0.3),
    Property("8-race-any", 8, "The same for rivals at each point where memory is touched that both can see",
             claims.any_tree, Duel, _drawn_duel, _duel, 0.1, duels),
)  # fmt: skip
