"""What each step is sent as, stored as, and may answer."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from patcher.prove import answers, steps
from patcher.prove.protocol import CALLS, FACTS, OPERATIONS, Point
from patcher.prove.scenario import Machine, Scenario, words

FRAME = ("end", "machine", "e820", "jumps", "call")  # of every scenario, and of each call: no steps
EVERY: dict[str, type[steps.Step[Any]]] = {each.__struct_config__.tag: each for each in get_args(steps.AnyStep)}
RACE = steps.Race(Point.ACCESS, 3, steps.Set(4, 1), steps.Get(5))
THREE = steps.RaceOfThree(Point.ACCESS_DATA, 3, steps.Set(4, 1), steps.Get(5), 7, steps.Build())


def test_each_call_of_the_protocol_has_a_class_and_none_has_another_name() -> None:
    calls = {name for name, each in EVERY.items() if issubclass(each, steps.Call)}
    assert calls == set(CALLS)
    assert {each.__struct_config__.tag for each in get_args(steps.AnyCall)} == set(CALLS)
    assert set(EVERY) - calls - {"race_of_three"} == set(OPERATIONS) - set(FRAME)  # a race is one operation


@pytest.mark.parametrize(
    ("step", "stored"),
    [
        (steps.Set(5, -1), b'["set",5,-1]'),
        (steps.Scan(0, 512), b'["scan",0,512]'),
        (steps.Build(), b'["build"]'),
        (steps.High(1, 2, 3, True), b'["high",1,2,3,true]'),
        (RACE, b'["race","access",3,["set",4,1],["get",5]]'),
        (THREE, b'["race_of_three","access_data",3,["set",4,1],["get",5],7,["build"]]'),
    ],
)
def test_a_step_is_stored_as_a_list(step: steps.AnyStep, stored: bytes) -> None:
    assert msgspec.json.encode(step) == stored
    assert msgspec.json.decode(stored, type=steps.AnyStep) == step


def sent(*played: steps.AnyStep) -> list[int]:
    """What the steps add to a scenario."""
    machine = Machine(8, True, ())
    without = words(Scenario(machine, ()), 64, 3, (), (1, 2))
    found = words(Scenario(machine, played), 64, 3, (), (1, 2))
    assert found[: len(without)] == without
    return found[len(without) :]


def test_a_step_is_sent_as_the_shim_reads_it() -> None:
    call, race = OPERATIONS.index("call"), OPERATIONS.index("race")
    set_, get, build = (CALLS.index(name) for name in ("set", "get", "build"))
    assert sent(steps.Build(), steps.Get(5), steps.Set(5, -1)) == [
        call, build, 0, 0, call, get, 5, 0, call, set_, 5, 2**64 - 1,
    ]  # fmt: skip
    assert sent(steps.High(1, 2, 3, True)) == [OPERATIONS.index("high"), 1, 2, 3, 1]
    assert sent(RACE) == [race, 2, 1, 3, set_, 4, 1, get, 5, 0]
    assert sent(THREE) == [race, 3, 2, 3, set_, 4, 1, 7, build, 0, 0, get, 5, 0]


RUNS = [3, 0x100, 1, 2**64 - 1, 3, 2, 0x77, 0]  # three PFNs, and no way to the fourth
ANSWERS: list[tuple[steps.AnyStep, list[int], object]] = [
    (steps.Booted(), [], None),
    (steps.Get(5), [7], 7),
    (steps.Scan(0, 3), [3, 0x100, 1, 0], (answers.Run(0, 3, 0x100, 1),)),
    (steps.View(0, 9), RUNS, (answers.Run(0, 3, 0x100, 1), answers.Unreachable(3, 2, 0x77))),
    (steps.Resume(5), [0], None),
    (steps.Resume(5), [9, 4, 2], answers.Unreachable(8, 4, 2)),
    (steps.Peek(0x1000, 3), [1, 2, 3], (1, 2, 3)),
    (steps.Diff(), [4, 5], (4, 5)),
    (steps.Stats(), [*range(8)], answers.Stats(*range(8))),
    (steps.High(1, 2, 3, False), [*range(4)], answers.High(*range(4))),
    (RACE, [1, 2, 1, 1, 0x400, 0, 1, 0x5000, 1, 0x6001],
     answers.Raced(1, 2, (answers.Rival(True, 1, 0x400),), False, frozenset([0x5000]), ((0x6000, True),))),
    (THREE, [1, 2, 1, 1, 4, 0, 0, 0, 1, 2**64 - 1, 0],
     answers.Raced(1, 2, (answers.Rival(True, 1, 4), answers.Rival(False, 0, 0)), True, None, ())),
]  # fmt: skip


@pytest.mark.parametrize(("step", "said", "answer"), ANSWERS)
def test_an_answer_is_its_steps(step: steps.AnyStep, said: list[int], answer: object) -> None:
    left = iter(said)
    assert step.answer(left) == answer
    assert next(left, None) is None
    for end in range(len(said)):
        with pytest.raises(ValueError):
            step.answer(iter(said[:end]))


def test_facts_are_by_name() -> None:
    found = steps.Facts().answer(iter([*range(len(FACTS)), *(name == "set" for name in CALLS)]))
    assert (found[FACTS[0]], found[FACTS[-1]], found.calls) == (0, len(FACTS) - 1, frozenset({"set"}))


@pytest.mark.parametrize(
    ("step", "said"),
    [(steps.Scan(0, 3), RUNS), (steps.Scan(0, 2), [3, 1, 1, 0]), (steps.Scan(0, 4), [3, 1, 1, 0]),
     (steps.Owners(0, 1), [0]), (steps.View(0, 9), [2**64 - 1, 3, 5, 0, 0]), (steps.Resume(1), [9, 0, 2])],
)  # fmt: skip
def test_what_cannot_be_an_answer_is_none(step: steps.AnyStep, said: list[int]) -> None:
    with pytest.raises(ValueError):
        step.answer(iter(said))
