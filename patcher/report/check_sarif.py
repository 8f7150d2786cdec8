"""A check as SARIF 2.1.0 (OASIS), for code scanning services."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from patcher.check.results import Finding, Report, Status
from patcher.report.check_json import render

_LEVELS = ("error", "warning", "note")
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"


def check_sarif(report: Report, tool: dict[str, str]) -> str:
    """The findings as results; what could not be checked as notifications, so that it does not look like a pass."""
    rules = sorted({_rule(finding) for finding in report.findings})
    unchecked = [
        {
            "level": "error" if cell.status is Status.ERROR else "note",
            "message": {"text": f"commit {row.number} ({row.subject}), {cell.check}: {cell.detail}"},
        }
        for row in report.rows
        for cell in row.cells
        if cell.status in (Status.ERROR, Status.SKIP)
    ]
    driver = {
        "name": tool["name"],
        "version": tool["version"],
        "rules": [{"id": rule, "name": rule.replace("/", "-")} for rule in rules],
    }
    invocation = {
        "executionSuccessful": not any(each["level"] == "error" for each in unchecked),
        "toolExecutionNotifications": unchecked,
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "results": [_result(finding, report, rules) for finding in report.findings],
    }
    return render({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(finding: Finding) -> str:
    return f"{finding.check}/{finding.kind}"


def _result(finding: Finding, report: Report, rules: list[str]) -> dict[str, Any]:
    row = next(row for row in report.rows if row.number == finding.commit)
    where = f" ({', '.join(finding.configs)})" if finding.configs else ""
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": f"{row.id[:12]} {row.subject}".strip()}]}
    if finding.path:
        uri = quote(finding.path.encode("utf-8", "surrogateescape"))
        location["physicalLocation"] = {"artifactLocation": {"uri": uri}}
        if finding.line:
            location["physicalLocation"]["region"] = {"startLine": finding.line}
    return {
        "ruleId": _rule(finding),
        "ruleIndex": rules.index(_rule(finding)),
        "level": finding.kind if finding.kind in _LEVELS else "error",
        "message": {"text": f"new in commit {finding.commit} ({row.subject}): {finding.message}{where}"},
        "locations": [location],
        "partialFingerprints": {"patcher/v1": finding.fingerprint},
        "properties": {"commit": row.id, "configurations": list(finding.configs), "objects": list(finding.targets)},
    }
