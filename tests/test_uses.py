"""The table of uses in docs/: what became of each, told from plans as JSON."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TOP = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def uses() -> ModuleType:
    spec = importlib.util.spec_from_file_location("uses", TOP / "bench" / "uses.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plan(findings: list[tuple[str, int, str, str]], present: tuple[str, ...]) -> dict[str, Any]:
    """A plan with these findings: function, line, snippet, verdict."""
    steps = [{"slug": slug, "status": "present" if slug in present else "needed"} for slug in ("one", "two")]
    found = [
        {"path": "a.c", "function": function, "line": line, "symbol": "FLAG", "snippet": snippet, "verdict": verdict,
         "rule": "r", "why": "a || b"}
        for function, line, snippet, verdict in findings
    ]  # fmt: skip
    return {"findings": found, "steps": steps, "tree": {"version": "1"}}


def test_a_use_goes_with_the_step_after_which_no_plan_has_it(uses: ModuleType) -> None:
    first = [("f", 3, "x |= FLAG;", "redundant"), ("f", 5, "y |= FLAG;", "redundant"), ("g", 9, "FLAG", "required"),
             ("h", 11, "FLAG", "unrelated")]  # fmt: skip
    plans = [
        plan(first, ()),
        plan([("f", 2, "y |= FLAG;", "redundant"), ("g", 7, "(FLAG)", "required")], ("one",)),
        plan([("g", 6, "(FLAG)", "required")], ("one", "two")),
    ]
    assert [(use.line, use.verdict, use.step) for use in uses.followed(plans)] == [
        (3, "redundant", "one"), (5, "redundant", "two"), (9, "required", ""),
    ]  # fmt: skip
    text = uses.table(plans)
    assert "2 redundant, 1 required, 0 plumbing. After: 0 redundant, 1 required" in text
    assert "| a.c:9 | `FLAG` [r] | required | stays: a \\|\\| b | no property |" in text


def test_the_page_names_steps_and_properties_that_there_are(uses: ModuleType) -> None:
    from patcher.prove.properties.all import PROPERTIES
    from patcher.series.load import load

    steps = {step.slug for step in load("iomap").step}
    assert steps == uses.SHOWN.keys()
    page = (TOP / "docs" / "iomap.md").read_text()
    rows = re.findall(r"^\| \S+:\d+ \| .*$", page, re.MULTILINE)
    assert rows and "?" not in "".join(rows)
    assert {row.split(" | ")[3] for row in rows if " stays: " not in row} <= steps
    told = " ".join([*uses.SHOWN.values(), *uses.STAYS.values(), page])
    assert set(re.findall(r"\b\d+-[a-z]+(?:-[a-z]+)*\b", told)) - {"1-1"} <= {each.id for each in PROPERTIES}
