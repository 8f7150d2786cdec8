"""A check as SARIF 2.1.0, for code scanning services."""

from __future__ import annotations

from typing import Any

from patcher.check.results import Finding, Report, Status
from patcher.report.sarif_tail import location, log, notification, result, rule

_LEVELS = ("error", "warning", "note")


def check_sarif(report: Report, tool: dict[str, str]) -> str:
    """The findings as results; what could not be checked as notifications."""
    rules = sorted({_rule(finding) for finding in report.findings})
    unchecked = [
        notification(
            "error" if cell.status is Status.ERROR else "note",
            f"commit {row.number} ({row.subject}), {cell.check}: {cell.detail}",
        )
        for row in report.rows
        for cell in row.cells
        if cell.status in (Status.ERROR, Status.SKIP)
    ]
    described = [_described(name) for name in rules]
    return log("check", tool, described, [_result(finding, report, rules) for finding in report.findings], unchecked)


def _rule(finding: Finding) -> str:
    return f"{finding.check}/{finding.kind}"


def _described(name: str) -> dict[str, Any]:
    check, _, kind = name.partition("/")
    level = kind if kind in _LEVELS else "error"
    title, explain = f"A new {kind} in {check}", f"The commit brings a {kind} in {check} that its parent does not have."
    return rule(name, title, explain, "See docs/check.md, or patcher check --help.", level)


def _result(finding: Finding, report: Report, rules: list[str]) -> dict[str, Any]:
    row = next(row for row in report.rows if row.number == finding.commit)
    where = f" ({', '.join(finding.configs)})" if finding.configs else ""
    found = result(
        _rule(finding),
        rules.index(_rule(finding)),
        finding.kind if finding.kind in _LEVELS else "error",
        f"new in commit {finding.commit} ({row.subject}): {finding.message}{where}",
        location(f"{row.id[:12]} {row.subject}".strip(), finding.path or f"{row.id or row.number}.patch", finding.line),
        finding.fingerprint,
    )
    details = {"commit": row.id, "configurations": list(finding.configs), "objects": list(finding.targets)}
    return {**found, "properties": details}
