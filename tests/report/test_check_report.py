"""A check as text, JSON, SARIF and JUnit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest

import patcher.report.check_json
from patcher.check.compose import Extra, with_extra, with_patches
from patcher.check.results import Cell, Column, Finding, Kind, LeftOut, Report, Row, Status
from patcher.check.session import passed
from patcher.report.check_json import check_json
from patcher.report.check_junit import check_junit
from patcher.report.check_sarif import check_sarif
from patcher.report.check_text import check_text
from patcher.tree.applying import Applied, PatchState
from patcher.tree.objects import Commit

TOOL = {"name": "patcher", "version": "1", "libclang": "18"}
FINDING = Finding(
    commit=2, check="gcc", kind=Kind.WARNING, path="mm/a.c", line=7, function="f", message="'x' is unused [-Wunused]",
    source="int x;\x1b[31m", configs=("one",), targets=("mm/a.o",), until=0, fingerprint="0123456789abcdef",
)  # fmt: skip


def cell(status: Status, detail: str = "why", count: int = 1) -> Cell:
    return Cell("one", status, detail, count)


REPORT = Report(
    tree="/tree", version="2.6.37", base="b" * 40,
    columns=(Column("one", "gcc", "one", "make defconfig", "gcc 12"),),
    rows=(
        Row(1, "1" * 40, "first", (cell(Status.PASS, "1 object, as its parent"),)),
        Row(2, "2" * 40, "second\x07", (cell(Status.WARN),)),
        Row(3, "3" * 40, "third", (cell(Status.FAIL),)),
        Row(4, "4" * 40, "fourth", (cell(Status.SKIP, "not built", 0),)),
        Row(5, "5" * 40, "fifth", (cell(Status.ERROR, "disk full", 0),)),
    ),
    findings=(FINDING, msgspec.structs.replace(FINDING, commit=3, kind=Kind.ERROR, until=5)),
    left_out=tuple(LeftOut(f"file{number}.c", "not built") for number in range(20)),
    adjustments=("-fno-pie: because",),
    notes=(),
)  # fmt: skip


def test_from_which_level_on_it_fails() -> None:
    def report(status: Status, *kinds: Kind) -> Report:
        return msgspec.structs.replace(
            REPORT, rows=(Row(1, "1" * 40, "x", (cell(status),)),),
            findings=tuple(msgspec.structs.replace(FINDING, kind=kind) for kind in kinds),
        )  # fmt: skip

    for status, kinds, fails in (
        (Status.PASS, (), ()),
        (Status.SKIP, (), ()),
        (Status.PASS, (Kind.NOTE,), ("note",)),
        (Status.WARN, (Kind.WARNING,), ("warning", "note")),
        (Status.FAIL, (Kind.WARNING, Kind.ERROR), ("error", "warning", "note")),
        (Status.PASS, (Kind.CONFLICT,), ("error", "warning", "note")),
        (Status.FAIL, (Kind.PROPERTY,), ("error", "warning", "note")),
        (Status.ERROR, (), ("error", "warning", "note")),
    ):
        told = report(status, *kinds)
        assert [each for each in ("error", "warning", "note") if not passed(told, each)] == list(fails), (status, kinds)
    assert passed(report(Status.WARN, Kind.WARNING)) is False


def test_text_says_what_is_new_and_where() -> None:
    text = check_text(REPORT, lambda text, **_: text)
    assert "[2/5] 222222222222 second\\x07\n  mm/a.c:7: new warning: 'x' is unused [-Wunused]" in text
    assert "in f(); gcc, one" in text
    assert "mended by commit 5" in text
    assert "ERROR disk full (5/one)" in text
    assert "SKIP not built (4/one)" in text
    assert "-fno-pie: because" in text
    assert "… and 8 more" in text
    assert text.endswith("5 commits, 1 check: 1 PASS, 1 WARN, 1 FAIL, 1 SKIP, 1 ERROR; 3 objects compared\n")
    assert "\x1b" not in text


def test_verbose_leaves_nothing_out() -> None:
    text = check_text(REPORT, lambda text, **_: text, verbose=True)
    assert "file19.c" in text
    assert "PASS 1 object, as its parent (1/one)" in text


def test_quiet_has_the_findings_and_the_table() -> None:
    text = check_text(REPORT, lambda text, **_: text, quiet=True)
    assert "new warning" in text
    assert "file0.c" not in text


def test_json_is_as_published() -> None:
    schema = json.loads(patcher.report.check_json.SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    body: dict[str, Any] = json.loads(check_json(REPORT, TOOL))
    jsonschema.validate(body, schema)
    assert body["rows"][4]["cells"][0]["status"] == "ERROR"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**body, "more": 1}, schema)


def test_sarif_tells_what_could_not_be_checked() -> None:
    (run,) = json.loads(check_sarif(REPORT, TOOL))["runs"]
    warning, error = run["results"]
    assert (warning["ruleId"], warning["level"], error["level"]) == ("gcc/warning", "warning", "error")
    assert warning["locations"][0]["physicalLocation"]["region"] == {"startLine": 7}
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert len(invocation["toolExecutionNotifications"]) == 2


NOTE = msgspec.structs.replace(FINDING, check="lint", kind=Kind.NOTE, path="", line=0, configs=(), message="a note")
ODD = msgspec.structs.replace(FINDING, path="a b/ü%.c", line=0)
LOST = msgspec.structs.replace(FINDING, check="prove", kind=Kind.PROPERTY, configs=("i386",), message="lost")


def several() -> Report:
    """Two compilers, lint and prove; ``FINDING`` is gcc's."""
    columns = (
        Column("one gcc", "gcc", "one", "make defconfig", "gcc 12"),
        Column("one clang", "clang", "one", "make defconfig", "clang 14"),
        Column("lint", "patcher lint", "", "", ""), Column("prove", "patcher prove", "", "", ""),
    )  # fmt: skip
    cells = tuple(Cell(column.check, Status.WARN, "why", 1) for column in columns)
    return msgspec.structs.replace(
        REPORT, columns=columns, rows=(Row(2, "2" * 40, "second", cells),), findings=(FINDING, NOTE, ODD, LOST)
    )


@pytest.mark.parametrize("report", [REPORT, several()])
def test_sarif_is_valid(report: Report, sarif_schema: Any) -> None:
    log = json.loads(check_sarif(report, TOOL))
    assert [error.message for error in sarif_schema.iter_errors(log)] == []
    assert len(log["runs"][0]["results"]) == len(report.findings)


def test_sarif_of_what_is_in_no_file_and_of_odd_names() -> None:
    (run,) = json.loads(check_sarif(several(), TOOL))["runs"]
    _, note, odd, lost = run["results"]
    assert (note["level"], lost["level"]) == ("note", "error")
    place = note["locations"][0]["physicalLocation"]  # GitHub takes no result without one
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == (f"{'2' * 40}.patch", 1)
    assert odd["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/%C3%BC%25.c"


def test_what_is_in_the_message_has_its_line_and_a_lost_property_is_called_that() -> None:
    note = msgspec.structs.replace(NOTE, line=3)
    report = msgspec.structs.replace(several(), findings=(note, NOTE, ODD, LOST))
    text = check_text(report, lambda text, **_: text)
    assert "\n  message line 3: new note: a note\n" in text
    assert "\n  new note: a note\n" in text
    assert "\n  a b/ü%.c: new warning: " in text
    assert "\n  mm/a.c:7: property lost: lost\n" in text
    assert "message line 3: a note" in check_junit(report)


def test_junit_tells_each_check_its_own() -> None:
    (suite,) = ElementTree.fromstring(check_junit(several()))
    said = {case.get("name"): case[0].text or "" for case in suite}
    assert said == {
        "one gcc": "mm/a.c:7: 'x' is unused [-Wunused]\na b/ü%.c: 'x' is unused [-Wunused]", "one clang": "",
        "lint": "a note", "prove": "mm/a.c:7: lost",
    }  # fmt: skip


def test_junit() -> None:
    suites = ElementTree.fromstring(check_junit(REPORT))
    found = [next(iter(case), None) for suite in suites if (case := suite.find("testcase")) is not None]
    assert [None if each is None else each.tag for each in found] == [None, "failure", "failure", "skipped", "error"]
    assert found[1] is not None and "mm/a.c:7: 'x' is unused" in str(found[1].text)


def made(number: int, state: str, detail: str = "") -> Applied:
    commit = Commit(str(number) * 40, "", "", "s") if state in ("applied", "merged") else None
    return Applied(f"{number}.patch", f"patch {number}", PatchState(state), commit, detail)


def test_patches_get_a_column_and_rows_of_their_own() -> None:
    applied = [
        made(0, "empty"), made(1, "applied"), made(9, "already"), made(2, "merged", "a three-way merge took it"),
        made(8, "conflict", "hunk 1"),
        made(7, "skipped", "8.patch did not apply"),
    ]  # fmt: skip
    few = msgspec.structs.replace(REPORT, rows=REPORT.rows[:2], findings=REPORT.findings[:1])
    report = with_patches(few, applied)
    assert [row.cells[0].status.value for row in report.rows] == ["PASS", "SKIP", "WARN", "FAIL", "SKIP"]
    assert [row.cells[1].status.value for row in report.rows] == ["PASS", "SKIP", "WARN", "SKIP", "SKIP"]
    assert [(each.commit, each.kind) for each in report.findings] == [(3, "warning"), (4, "conflict")]
    assert "0.patch" in report.notes[0]
    assert "WARN a three-way merge took it (3/applies)" in check_text(report, lambda text, **_: text)


def test_another_check_gets_a_column() -> None:
    extra = Extra("lint", "patcher lint", {"2" * 40: (Status.FAIL, "1 error", (FINDING,))})
    report = with_extra(REPORT, extra)
    assert [row.cells[1].status for row in report.rows[:2]] == [Status.SKIP, Status.FAIL]
    assert len(report.findings) == 3


def test_the_schema_is_shipped() -> None:
    assert Path(patcher.report.check_json.SCHEMA).is_file()


def test_three_hundred_commits_in_twelve_configurations_can_be_read() -> None:
    names = [f"x86_64-configuration-number-{number}" for number in range(12)]
    rows = tuple(
        Row(number, f"{number:040}", f"mm: a change with a subject that is long, the {number}th of a long series",
            tuple(Cell(name, Status.FAIL if number == 150 and at == 7 else Status.PASS, "why", 1)
                  for at, name in enumerate(names)))
        for number in range(1, 301)
    )  # fmt: skip
    many = msgspec.structs.replace(
        REPORT, rows=rows, findings=(), columns=tuple(Column(name, "gcc", name, "make it", "gcc 12") for name in names)
    )
    text = check_text(many, lambda text, **_: text)
    assert all(len(line) <= 80 for line in text.splitlines()) and text.count("\n") < 50
    assert "[1–149/300] 149 commits" in text and "[151–300/300] 150 commits" in text
    assert "[8] x86_64-configuration-number-7: 299 PASS, 1 FAIL\n" in text
    assert "300 commits, 12 checks: 3599 PASS, 1 FAIL; 3600 objects compared\n" in text
    every = check_text(many, lambda text, **_: text, verbose=True)
    assert all(every.count(f"\n[{number}/300] ") == 2 for number in range(1, 301))


def test_a_header_is_told_with_the_object_that_shows_it() -> None:
    def said(path: str) -> str:
        finding = msgspec.structs.replace(FINDING, path=path)
        return check_text(msgspec.structs.replace(REPORT, findings=(finding,)), lambda text, **_: text)

    assert "gcc, one\n    mm/a.o\n" in said("include/linux/a.h")
    assert "mm/a.o" not in said("mm/a.c")


def test_a_configuration_with_a_long_name_is_told_by_its_column() -> None:
    name = "x86_64:allnoconfig+MODULES+CRC7=m+CRC8=m+CRC64_ROCKSOFT=m+CRYPTO+BLOCK"
    columns = (Column("x", "gcc", "one", "make", "gcc 12"), Column("y", "gcc", name, "make", "gcc 12"))
    report = msgspec.structs.replace(
        REPORT, columns=columns, rows=(Row(2, "2" * 40, "second", (cell(Status.ERROR), cell(Status.ERROR))),),
        findings=(msgspec.structs.replace(FINDING, configs=("one", name)),),
    )  # fmt: skip
    said = check_text(report, lambda text, **_: text)
    assert "in f(); gcc, one, [2]\n" in said
    assert "ERROR why (2/one, 2/[2])\n" in said


def test_what_an_earlier_commit_has_broken_is_said_below_the_table() -> None:
    """It else looks as if the commit itself were at fault."""
    still = Row(4, "4" * 40, "fourth", (cell(Status.FAIL, "mm/a.o still does not compile"),))
    text = check_text(msgspec.structs.replace(REPORT, rows=(*REPORT.rows[:3], still)), lambda text, **_: text)
    assert "\nFAIL mm/a.o still does not compile (4/one)\n" in text
    assert "(3/one)" not in text, "that is told as a finding"
