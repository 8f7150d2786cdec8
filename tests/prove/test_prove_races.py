"""Rivals at each point where memory is touched that both can see."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from patcher.cache import Cache
from patcher.prove import steps
from patcher.prove.actions import Fill, Release
from patcher.prove.answers import Raced
from patcher.prove.build import build
from patcher.prove.context import Context, small_machine, void_of
from patcher.prove.history import Mismatch
from patcher.prove.properties.rivals import NEVER, PROPERTIES, Duel, _at, _duel, _race_with, duels
from patcher.prove.protocol import Point
from patcher.prove.prove import lines
from patcher.prove.run import Runner
from patcher.prove.scenario import BOOT, Scenario

MMU = "arch/x86/xen/mmu.c"
STORE = "	p2m_top[topidx][mididx][idx] = mfn;"
RETURN = f"{STORE}\n\n	return true;\n"
Raceable = Callable[..., Raced]


def race(runner: Runner, kind: Point, at: int, ours: steps.Call, *rivals: steps.Call) -> Raced:
    """A leaf is there: an update is three accesses, of the top page, the mid page and the leaf, and some of data."""
    asked = steps.Asked[Raced](-1, _race_with(kind, ours, *enumerate(rivals, at)))
    outcome = runner.play(Scenario(small_machine(runner, True), (*BOOT, steps.Booted(), asked.step)))
    assert outcome.done, outcome
    return outcome.of(asked)


def test_points_are_the_accesses_to_what_both_can_see(runner: Runner) -> None:
    ours, rival = steps.Set(5, 0x77), steps.Set(6, 0x78)
    never = race(runner, Point.ACCESS, NEVER, ours, rival)
    assert 3 <= never.points == len(never.trace) <= 12
    assert [writes for _, writes in never.trace].count(True) == 1  # the entry
    assert not never.rivals[0].came and never.rivals[0].place == 0
    with_data = race(runner, Point.ACCESS_DATA, NEVER, ours, rival)
    assert with_data.points > never.points  # p2m_top and its like are read
    places = set()
    for point in range(1, never.points + 1):
        raced = race(runner, Point.ACCESS, point, ours, rival)
        assert raced.answer == raced.rivals[0].answer == 1 and raced.rivals[0].came
        assert raced.written and not raced.data and not raced.trace
        places.add(raced.rivals[0].place)
        assert lines(runner.program, [raced.rivals[0].place])[0].startswith((MMU, "arch/x86/include"))
    assert len(places) == never.points
    assert not race(runner, Point.ACCESS, never.points + 1, ours, rival).rivals[0].came


def test_a_page_of_ones_own_is_no_point_until_it_is_linked(runner: Runner) -> None:
    """The new leaf is filled in a loop of a thousand stores: nobody sees them."""
    far, near = runner.limit - 3, runner.limit - 2 * runner.per_page
    asked = steps.Asked[Raced](-1, steps.Race(Point.ACCESS, NEVER, steps.Set(5, 0x77), steps.Set(far, 6)))
    played = (*BOOT, steps.Booted(), steps.Set(near, 1), asked.step)
    outcome = runner.play(Scenario(small_machine(runner, True), played))
    assert outcome.done
    assert outcome.of(asked).points < 40
    assert sum(writes for _, writes in outcome.of(asked).trace) <= 5


def test_two_rivals_come_in_a_row(runner: Runner) -> None:
    ours, first, second = steps.Set(5, 0x77), steps.Set(6, 0x78), steps.Set(7, 0x79)
    for point in (1, 2):
        raced = race(runner, Point.ACCESS, point, ours, first, second)
        assert [each.came for each in raced.rivals] == [True, True]
        assert raced.rivals[0].place != raced.rivals[1].place


def test_a_rival_that_writes_to_data_is_told(changed, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    counted = "	{ static unsigned long count; if (pfn == 6) count++; if (pfn == 5 && count) return false; }\n"
    with Runner(build(changed({MMU: (RETURN, counted + RETURN)}), arch, prove_cache)) as runner:
        raced = race(runner, Point.ACCESS, 1, steps.Set(5, 0x77), steps.Set(6, 0x78))
        assert raced.data


def _everywhere(context: Context, case: Duel) -> bool:
    """Whether something is wrong at any point, each of which is tried."""
    never = _at(context, case, Point.ACCESS, (NEVER,))
    assert isinstance(never, Raced)
    return any(isinstance(_at(context, case, Point.ACCESS, (at,)), Mismatch) for at in range(1, never.points + 1))


# An update that reads its leaf's entry, and stores what it makes of it: whoever comes between is lost.
LOST = f"	{{ unsigned long other = p2m_top[topidx][mididx][idx ^ 1]; barrier(); {STORE.strip()} p2m_top[topidx][mididx][idx ^ 1] = other; }}"  # noqa: E501


def test_what_is_lost_between_two_accesses_is_found(changed, verdicts, arch: str, prove_cache: Cache) -> None:  # type: ignore[no-untyped-def]
    tree = changed({MMU: (STORE, LOST)})
    with Runner(build(tree, arch, prove_cache)) as runner:
        context = Context(runner, void_of(runner, True), void_of(runner, False))
        machine = msgspec.structs.replace(small_machine(runner, True), heap=40)
        base = 3 * context.per_page**2
        case = Duel(machine, (), (Fill(base + 7, 0xD00011),), Fill(base + 5, 0xD00000), (Fill(base + 4, 0xD00001),))
        assert case.before  # its leaf is there
        assert _everywhere(context, case)
        found = _duel(context, case)
        assert found is not None and found.expected == f"the lookup of PFN {base + 4:#x}: MFN 0xd00001"
        apart = msgspec.structs.replace(case, rivals=(Release(base + 6),))
        assert not _everywhere(context, apart) and _duel(context, apart) is None


def test_points_that_are_alike_are_left_out_and_nothing_is_missed(context: Context) -> None:
    """Each point of each situation, against what is tried."""
    tried, points = 0, context.runner.points
    for case in duels(context):
        never = _at(context, case, Point.ACCESS, (NEVER,) * len(case.rivals))
        if len(case.rivals) == 1 and isinstance(never, Raced) and never.points < 30:
            assert _everywhere(context, case) == (_duel(context, case) is not None)
            tried += 1
    assert tried >= 10
    assert context.runner.points > points  # they are counted, tried or not


def test_situations_are_stated_once(context: Context) -> None:
    found = duels(context)
    assert len(set(found)) == len(found) >= 20
    assert any(len(each.rivals) == 2 for each in found)
    assert next(each for each in PROPERTIES if each.id == "8-race-any").situations is duels


@pytest.mark.parametrize("at", [1, 2, 5])
def test_a_race_is_plain_data(runner: Runner, at: int) -> None:
    """As it is stored, a list for each step."""
    raced = steps.RaceOfThree(Point.ACCESS, at, steps.Set(6, 1), steps.Set(5, 2), at, steps.Set(7, 3))
    scenario = Scenario(small_machine(runner, True), (*BOOT, steps.Booted(), raced))
    again = msgspec.json.decode(msgspec.json.encode(scenario), type=Scenario)
    assert runner.play(again).answers == runner.play(scenario).answers
