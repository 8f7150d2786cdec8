"""Every example of every shipped rule shows what it says."""

from __future__ import annotations

import pytest

from patcher import data
from patcher.rules.examples import run_examples
from patcher.rules.load import load_group
from patcher.rules.model import ExampleResult

RESULTS = [
    result
    for file in sorted(data.directory("rules").glob("*/group.toml"))
    for result in run_examples(load_group(file.parent))
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: f"{result.rule}: {result.example}")
def test_example(result: ExampleResult) -> None:
    assert not result.errors
    assert (result.rule in result.fired) == result.wanted, result.fired


def test_a_wrong_example_is_told() -> None:
    assert not ExampleResult("a", "x", True, ("b",), ()).right
    assert not ExampleResult("a", "x", False, ("a",), ()).right
    assert not ExampleResult("a", "x", True, ("a",), ("line 1: expected ';'",)).right
