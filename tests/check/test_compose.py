"""How a report is put together of its parts."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from patcher.check.compose import Extra, with_extra, with_patches
from patcher.check.results import Cell, Column, Finding, Kind, Report, Row, Status
from patcher.tree.applying import Applied, PatchState
from patcher.tree.objects import Commit

BROKEN = Finding(
    commit=1, check="gcc", kind=Kind.ERROR, path="mm/a.c", line=7, function="f", message="no", source="", configs=(),
    targets=(), until=2, fingerprint="0",
)  # fmt: skip
STATES = {"applied": Status.PASS, "merged": Status.WARN, "already": Status.SKIP, "conflict": Status.FAIL,
          "skipped": Status.SKIP}  # fmt: skip


def compiled(commits: int, *findings: Finding) -> Report:
    rows = tuple(
        Row(number, f"id{number}", f"commit {number}", (Cell("one", Status.PASS, "", 3),))
        for number in range(1, commits + 1)
    )
    return Report("/tree", "", "base", (Column("one", "gcc", "one", "", ""),), rows, findings, (), (), ("a note",))


def patches(*states: str) -> list[Applied]:
    """The n-th that makes a commit makes the n-th commit of ``compiled``."""
    found: list[Applied] = []
    for number, state in enumerate(states):
        made = sum(each.commit is not None for each in found) + 1
        commit = Commit(f"id{made}", "", "", "") if state in ("applied", "merged") else None
        detail = "" if commit else f"of {number}"
        found.append(Applied(f"{number}.patch", f"patch {number}", PatchState(state), commit, detail))
    return found


def test_without_patches_nothing_changes() -> None:
    report = compiled(2, BROKEN)
    assert with_patches(report, []) == report
    assert with_patches(report, patches("empty")) == report


@given(st.lists(st.sampled_from([*STATES, "empty"]), max_size=8))
def test_each_patch_has_a_row_and_each_row_all_cells(states: list[str]) -> None:
    applied = patches(*states)
    report = with_patches(compiled(sum(each.commit is not None for each in applied)), applied)
    told = [state for state in states if state != "empty"]
    if not told:
        return
    assert [row.number for row in report.rows] == list(range(1, len(told) + 1))
    assert [row.cells[0].status for row in report.rows] == [STATES[state] for state in told]
    assert all([cell.check for cell in row.cells] == ["applies", "one"] for row in report.rows)
    for row, state in zip(report.rows, told, strict=True):
        assert (row.cells[1].status is Status.PASS) == (row.id != "") == (state in ("applied", "merged"))
    assert [finding.kind for finding in report.findings] == [Kind.CONFLICT] * told.count("conflict")
    assert len(report.notes) == 1 + states.count("empty")


def test_findings_follow_their_commits() -> None:
    """Commits 1 and 2 are patches 2 and 4."""
    states = ("already", "applied", "conflict", "applied")
    report = with_patches(compiled(2, BROKEN, msgspec.structs.replace(BROKEN, commit=2, until=0)), patches(*states))
    assert [(each.commit, each.kind, each.until) for each in report.findings] == [
        (2, Kind.ERROR, 4), (3, Kind.CONFLICT, 0), (4, Kind.ERROR, 0),
    ]  # fmt: skip


def test_another_check_is_another_column() -> None:
    note = msgspec.structs.replace(BROKEN, commit=0, kind=Kind.NOTE)
    said = (Status.FAIL, "bad", (note,))
    extra = Extra("lint", "patcher", {"id1": said, "id9": said})  # the last is no commit of these
    report = with_extra(with_patches(compiled(2, BROKEN), patches("applied", "conflict", "applied")), extra)
    assert [column.check for column in report.columns] == ["applies", "one", "lint"]
    assert [(row.cells[2].status, row.cells[2].detail) for row in report.rows] == [
        (Status.FAIL, "bad"), (Status.SKIP, "there is no commit to look at"), (Status.SKIP, "it was not looked at"),
    ]  # fmt: skip
    assert [(each.commit, each.kind) for each in report.findings] == [
        (1, Kind.ERROR), (1, Kind.NOTE), (2, Kind.CONFLICT),
    ]  # fmt: skip
