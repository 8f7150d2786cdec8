"""The whole report from its parts: how patches applied, what compiling showed, what other checks say of commits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from patcher.check.results import Cell, Column, Finding, Kind, Report, Row, Status
from patcher.tree.applying import Applied, PatchState

_APPLIES = "applies"
_STATUS = {
    PatchState.APPLIED: Status.PASS,
    PatchState.MERGED: Status.WARN,
    PatchState.ALREADY: Status.SKIP,
    PatchState.CONFLICT: Status.FAIL,
    PatchState.SKIPPED: Status.SKIP,
}


class Extra(NamedTuple):
    """Another check of each commit: its name, its tool, and by the commit's id a status, a detail and findings (their
    number of the commit is set here). A commit it says nothing of is SKIP."""

    check: str
    tool: str
    by_commit: Mapping[str, tuple[Status, str, tuple[Finding, ...]]]


def with_patches(report: Report, applied: Sequence[Applied]) -> Report:
    """Put the patches before the checks: a column that says how each applied, a row for those that made no commit."""
    patches = [each for each in applied if each.state is not PatchState.EMPTY]
    if not patches:
        return report
    by_id = {row.id: row for row in report.rows}
    rows, findings, numbers = [], [], {}
    for number, patch in enumerate(patches, 1):
        own = by_id.get(patch.commit.id) if patch.commit else None
        status = _STATUS[patch.state]
        cell = Cell(_APPLIES, status, patch.detail or "it applies", 0)
        if own is not None:
            numbers[own.number] = number
            rows.append(Row(number, own.id, own.subject, (cell, *own.cells)))
            continue
        reason = {PatchState.ALREADY: "nothing to compile: the tree has it", PatchState.SKIPPED: patch.detail}.get(
            patch.state, "it does not apply"
        )
        others = (Cell(column.check, Status.SKIP, reason, 0) for column in report.columns)
        rows.append(Row(number, "", patch.subject, (cell, *others)))
        if status is Status.FAIL:
            findings.append(
                Finding(
                    commit=number, check="git apply", kind=Kind.CONFLICT, path=patch.name, line=0, function="",
                    message=patch.detail, source="", configs=(), targets=(), until=0,
                    fingerprint=_fingerprint(patch.name, patch.detail),
                )
            )  # fmt: skip
    moved = [
        msgspec.structs.replace(each, commit=numbers[each.commit], until=numbers.get(each.until, 0))
        for each in report.findings
    ]
    covers = [
        f"{each.name}: {each.detail}; taken for a cover letter" for each in applied if each.state is PatchState.EMPTY
    ]
    return msgspec.structs.replace(
        report,
        columns=(Column(_APPLIES, "git apply", "", "", ""), *report.columns),
        rows=tuple(rows),
        findings=tuple(sorted([*findings, *moved], key=lambda each: each.commit)),
        notes=(*report.notes, *covers),
    )


def with_extra(report: Report, extra: Extra) -> Report:
    """Add the column of another check."""
    rows, findings = [], list(report.findings)
    for row in report.rows:
        default = (Status.SKIP, "there is no commit to look at" if not row.id else "it was not looked at", ())
        status, detail, found = extra.by_commit.get(row.id, default)
        rows.append(msgspec.structs.replace(row, cells=(*row.cells, Cell(extra.check, status, detail, 0))))
        findings += [msgspec.structs.replace(each, commit=row.number) for each in found]
    return msgspec.structs.replace(
        report,
        columns=(*report.columns, Column(extra.check, extra.tool, "", "", "")),
        rows=tuple(rows),
        findings=tuple(sorted(findings, key=lambda each: each.commit)),
    )


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
