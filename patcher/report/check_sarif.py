"""A check as SARIF 2.1.0, for code scanning services."""

from __future__ import annotations

from typing import Any

from patcher.check.results import Finding, Report, Status
from patcher.report.sarif_tail import location, log, notification, result

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
    described = [{"id": rule, "name": rule.replace("/", "-")} for rule in rules]
    return log(tool, described, [_result(finding, report, rules) for finding in report.findings], unchecked)


def _rule(finding: Finding) -> str:
    return f"{finding.check}/{finding.kind}"


def _result(finding: Finding, report: Report, rules: list[str]) -> dict[str, Any]:
    row = next(row for row in report.rows if row.number == finding.commit)
    where = f" ({', '.join(finding.configs)})" if finding.configs else ""
    found = result(
        _rule(finding),
        rules.index(_rule(finding)),
        finding.kind if finding.kind in _LEVELS else "error",
        f"new in commit {finding.commit} ({row.subject}): {finding.message}{where}",
        location(f"{row.id[:12]} {row.subject}".strip(), finding.path, finding.line),
        finding.fingerprint,
    )
    details = {"commit": row.id, "configurations": list(finding.configs), "objects": list(finding.targets)}
    return {**found, "properties": details}
