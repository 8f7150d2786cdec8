"""A plan as text and as JSON."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.escape import safe
from patcher.model import Coverage, Finding, Plan, Status, Step, StepStatus, Target, TextOnly, TreeInfo, Verdict
from patcher.report.plan_json import SCHEMA, plan_json
from patcher.report.plan_text import plan_text

TOOL = {"name": "patcher", "version": "0", "libclang": "18.1.1"}
FINDING = Finding("r", Verdict.REQUIRED, "a.c", 3, 2, "f", "FLAG", "x |= FLAG;", "because", ("b.c:1: y",), "0" * 16)
PLAN = Plan(
    tree=TreeInfo("", False, "2.6.37", "x86_64", "p", "shipped profile p"),
    series="identity",
    scope="xen",
    status=Status.PARTLY,
    findings=(FINDING, msgspec.structs.replace(FINDING, verdict=Verdict.UNDECIDED)),
    steps=(Step("s", "t", StepStatus.NEEDED, "nothing defines x", (Target("a.c", "f", 1), Target("", "g", 0))),),
    coverage=Coverage(2, ("a.c",), ("p",), (TextOnly("b.S", "assembler"),), (), ("c.c [p]: no",), "landlock"),
)


def plain(text: str, **_: object) -> str:
    return text


def validate(text: str) -> Any:
    found = json.loads(text)
    jsonschema.validate(found, json.loads(SCHEMA.read_text()), cls=jsonschema.Draft202012Validator)
    return found


def test_json_is_as_published() -> None:
    found = validate(plan_json(PLAN, TOOL))
    assert found["schema"] == 1
    assert found["findings"][0]["verdict"] == "required"
    assert found["coverage"]["text_only"] == [{"path": "b.S", "reason": "assembler"}]


def test_the_schema_refuses_what_it_does_not_name() -> None:
    found = json.loads(plan_json(PLAN, TOOL))
    found["findings"][0]["verdict"] = "maybe"
    with pytest.raises(jsonschema.ValidationError):
        validate(json.dumps(found))


@given(st.text())
def test_no_text_of_a_tree_breaks_a_report(text: str) -> None:
    finding = msgspec.structs.replace(FINDING, path=text or "a", snippet=text, why=text or "b", evidence=(text,))
    plan = msgspec.structs.replace(PLAN, findings=(finding,))
    for report in (plan_json(plan, TOOL), plan_text(plan, plain, verbose=True)):
        assert not set(report) & {"\x1b", "\x07", "\r", "\x9b", "\u202e", "\x00"}
        report.encode()


@given(st.text())
def test_safe_keeps_what_is_harmless(text: str) -> None:
    assert safe(safe(text)) == safe(text)
    if text.isascii() and text.isprintable():
        assert safe(text) == text


def test_text_says_what_was_not_looked_at() -> None:
    text = plan_text(PLAN, plain)
    assert "searched as text only: 1" in text
    assert "b.S: assembler" in text
    assert "c.c [p]: no" in text
    assert text.endswith("identity: partly-applied; 1 required, 1 undecided\n")


def test_quiet_keeps_what_a_person_must_look_at() -> None:
    text = plan_text(PLAN, plain, quiet=True)
    assert "required [r]" not in text
    assert "undecided [r]" in text


def test_verbose_shows_the_evidence() -> None:
    assert "b.c:1: y" in plan_text(PLAN, plain, verbose=True)
    assert "b.c:1: y" not in plan_text(PLAN, plain)


def test_long_lists_are_shown_in_full_when_asked() -> None:
    many = tuple(msgspec.structs.replace(FINDING, verdict=Verdict.UNRELATED, line=n) for n in range(1, 60))
    plan = msgspec.structs.replace(PLAN, findings=(*many, *PLAN.findings))
    short, full = (plan_text(plan, lambda text, **_: text, verbose=each) for each in (False, True))
    assert "unrelated (59)" in short and "… and 47 more (--verbose" in short and "a.c:59:" not in short
    assert "a.c:59:" in full and "more (--verbose" not in full
    assert max(map(len, plan_text(plan, lambda text, **_: text, width=60).splitlines())) <= 60
