"""Looking for a case that does not hold, and the corpus of those that did not once."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from patcher.prove import corpus
from patcher.prove.actions import Fill, MarkIdentity, Release, SetRange, fits
from patcher.prove.context import Context
from patcher.prove.history import Mismatch
from patcher.prove.properties.all import PROPERTIES
from patcher.prove.properties.kind import Property
from patcher.prove.properties.life import Life
from patcher.prove.scenario import Machine, Scenario
from patcher.prove.search import search

FAULTS = ("3-last-leaf", "7-beyond", "8-half", "8-race")  # of plain 2.6.37


@pytest.mark.parametrize("bits", [64, 32])
def test_the_corpus_has_what_was_found(bits: int) -> None:
    names = {each.id: corpus.stored(each.id, each.case, bits) for each in PROPERTIES}
    assert all(names[name] for name in FAULTS)
    assert {path.stem for path in corpus.PLACE.glob("*.json")} <= set(names), "a file of no property"


def test_the_corpus_is_played_first_and_shrinks_nothing(context: Context) -> None:
    each = next(each for each in PROPERTIES if each.id == "8-race")
    before = context.runner.played
    failure = search(context, each, 0, 1)
    assert failure is not None and failure.known
    assert failure.case in corpus.stored(each.id, each.case, context.facts["bits"])
    assert context.runner.played - before < 20


def test_a_case_can_be_added_once(tmp_path: Path) -> None:
    machine = Machine(1024, True, ((1024, 5, 1),))
    case = Life(machine, (SetRange("identity", 5, 9),), (Fill(3, 4), Release(3)))
    assert corpus.add("4-frame", case, 64, "a test", tmp_path)
    assert not corpus.add("4-frame", case, 64, "another test", tmp_path)
    assert corpus.add("4-frame", case, 32, "a test", tmp_path)
    content = msgspec.json.decode((tmp_path / "4-frame.json").read_bytes())
    assert [each["bits"] for each in content["cases"]] == [64, 32]
    assert msgspec.convert(content["cases"][0]["case"], Life) == case


def test_what_cannot_happen_in_a_tree_is_not_played(context: Context) -> None:
    """The miniature tree has no mark and no ranges."""
    machine = Machine(1024, True, ((1024, 5, 1),))
    assert fits(context.facts, Life(machine, (), (Fill(3, 4),)))
    assert not fits(context.facts, Life(machine, (), (Fill(3, 4), MarkIdentity(5))))
    assert not fits(context.facts, Life(machine, (SetRange("identity", 5, 9),)))


def test_a_case_is_not_drawn_twice_and_the_smallest_is_told(context: Context) -> None:
    tried: list[int] = []

    def check(context: Context, case: Machine) -> Mismatch | None:
        tried.append(case.nr_pages)
        outcome = context.runner.play(_scenario(case))
        return Mismatch(_scenario(case), 0, "", "", outcome) if case.nr_pages > 23 else None

    def machine(most: int) -> Property[Machine]:
        return Property(
            "0-none", 0, "", lambda context: (True, ""), Machine,
            lambda source, context: Machine(source.integer(8, most), True, ()), check,
        )  # fmt: skip

    assert search(context, machine(12), 0, 100) is None
    assert sorted(tried) == [8, 9, 10, 11, 12]
    failure = search(context, machine(100), 0, 100)
    assert failure is not None and failure.case == Machine(24, True, ())


def _scenario(machine: Machine) -> Scenario:
    return Scenario(machine, ())
