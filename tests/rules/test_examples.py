"""Every example of every shipped rule shows what it says."""

from __future__ import annotations

import functools

import pytest

from patcher import data
from patcher.rules.examples import run_examples
from patcher.rules.load import load_group
from patcher.rules.model import ExampleResult

GROUPS = {file.parent.name: load_group(file.parent) for file in sorted(data.directory("rules").glob("*/group.toml"))}
EXAMPLES = [
    (group, rule.id, example.name)
    for group, rules in GROUPS.items()
    for rule in rules.rules
    for example in rule.example
]


@functools.cache
def results(group: str, rule: str) -> dict[str, ExampleResult]:
    """What the examples of a rule show, by their names."""
    return {result.example: result for result in run_examples(GROUPS[group], rule)}


@pytest.mark.parametrize(("group", "rule", "example"), EXAMPLES)
def test_example(group: str, rule: str, example: str) -> None:
    result = results(group, rule)[example]
    assert not result.errors
    assert (result.rule in result.fired) == result.wanted, result.fired


def test_no_two_examples_have_one_name() -> None:
    assert len(EXAMPLES) == len(set(EXAMPLES)) > 50


def test_a_wrong_example_is_told() -> None:
    assert not ExampleResult("a", "x", True, ("b",), ()).right
    assert not ExampleResult("a", "x", False, ("a",), ()).right
    assert not ExampleResult("a", "x", True, ("a",), ("line 1: expected ';'",)).right
