"""Stored scenarios that nobody has stored: whatever the schema lets through is looked at before it is played."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from patcher.errors import InputError
from patcher.prove import steps
from patcher.prove.store import load

GOOD: dict[str, Any] = {
    "schema": 1, "arch": "x86_64", "property": "9-ram", "statement": "", "commit": "",
    "counterexample": {
        "scenario": {
            "machine": {"nr_pages": 1000, "initial": True, "frames": [[1000, 4096, 1]], "e820": [[0, 4096000, 1]]},
            "steps": [
                ["build"], ["list"], ["booted"], ["get", 5], ["high", 1, 2, 3, True], ["set", 5, -1],
                ["race", "access", 3, ["set", 4, 1], ["set", 5, 1]],
                ["race_of_three", "alloc", 3, ["set", 4, 1], ["set", 5, 1], 2, ["get", 5]],
                ["scan", 0, 18446744073709551615],
            ],
        },
        "step": 3, "expected": "", "found": "", "place": "",
    },
}  # fmt: skip
BAD_STEPS: list[Any] = [
    [], ["step", 1], ["x"], [None], [["get"]], [{}], [5], ["get", None], ["get", "5"], ["get", ""], ["get", 1.5],
    ["get", [5]], ["get", 1, 2, 3], ["peek", 5], ["scan"], ["scan", 1, 2, 3], ["high", 1], ["booted", 1], ["end"],
    ["machine", 1, 2], ["call", 1, 2, 3], ["e820", 0, 0], ["jumps", 1], ["race"], ["race", "alloc", 1],
    ["race", "x", 1, ["get", 1], ["get", 1]], ["race", 1, 1, ["get", 1], ["get", 1]],
    ["race", ["alloc"], 1, ["get", 1], ["get", 1]], ["race", "alloc", "1", ["get", 1], ["get", 1]],
    ["race", "alloc", 1, "get", ["get", 1]], ["race", "alloc", 1, ["scan", 1, 2], ["get", 1]],
    ["race", "alloc", 1, [], ["get", 1]], ["race", "alloc", 1, ["get", 1], ["get", 1], 2],
    ["race", "alloc", 1, ["get", 1], ["get", 1], 2, ["get", 1], 2, ["get", 1]],
    ["race", "alloc", 1, ["race", "alloc", 1, ["get", 1], ["get", 1]], ["get", 1]],
    ["race_of_three", "alloc", 1, ["get", 1], ["get", 1]], ["race_of_three", "alloc", 1, ["get", 1], ["get", 1], 2],
    ["race_of_three", "alloc", 1, ["get", 1], ["get", 1], 2, ["scan", 1, 2]], ["get", True], ["set", 5], ["get"],
]  # fmt: skip


def stored(place: Path, content: Any) -> Path:
    file = place / "scenario.json"
    file.write_text(json.dumps(content))
    return file


def test_what_is_right_is_read(tmp_path: Path) -> None:
    found = load(stored(tmp_path, GOOD)).counterexample.scenario
    assert found.steps[3] == steps.Get(5)
    assert msgspec.json.decode(msgspec.json.encode(found.steps)) == GOOD["counterexample"]["scenario"]["steps"]


def test_a_number_of_more_than_64_bits(tmp_path: Path) -> None:
    for number in (2**64, -(2**63) - 1, 10**4000):
        content = copy.deepcopy(GOOD)
        content["counterexample"]["scenario"]["steps"][1] = ["get", number]
        with pytest.raises(InputError, match="holds no scenario: it has an integer of more than 64 bits"):
            load(stored(tmp_path, content))


def test_a_name_that_reads_like_msgspecs_own_words(tmp_path: Path) -> None:
    content = copy.deepcopy(GOOD)
    content["arch"], content["property"] = "x86_64", ["` - at `$.counterexample.scenario.steps[7]`"]
    with pytest.raises(InputError, match="holds no scenario: Expected `str`, got `array`"):
        load(stored(tmp_path, content))


@pytest.mark.parametrize("step", BAD_STEPS, ids=json.dumps)
def test_a_step_that_is_none(tmp_path: Path, step: Any) -> None:
    content = copy.deepcopy(GOOD)
    content["counterexample"]["scenario"]["steps"][1] = step
    with pytest.raises(InputError, match="step 1 is no operation of ours, or has other numbers than it takes"):
        load(stored(tmp_path, content))


@pytest.mark.parametrize("number", [-1, 10, 2**63, -(2**63), 2**64 - 1])
def test_an_index_that_is_none(tmp_path: Path, number: int) -> None:
    content = copy.deepcopy(GOOD)
    content["counterexample"]["step"] = number
    with pytest.raises(InputError, match=f"has no step {number}"):
        load(stored(tmp_path, content))


@pytest.mark.parametrize(
    ("where", "value"),
    [("nr_pages", 2**64), ("tail", 10**4000), ("frames", [[2**64, 0, 0]]), ("e820", [[0, -(2**64), 0]]),
     ("nr_pages", None), ("frames", [[1, 2]]), ("e820", [[1, 2, 3, 4]])],
)  # fmt: skip
def test_a_machine_that_is_none(tmp_path: Path, where: str, value: Any) -> None:
    content = copy.deepcopy(GOOD)
    content["counterexample"]["scenario"]["machine"][where] = value
    with pytest.raises(InputError, match="holds no scenario"):
        load(stored(tmp_path, content))
