"""Lint's findings as SARIF 2.1.0 (OASIS), for code scanning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from patcher.lint.model import Finding, Level, Outcome
from patcher.lint.rules import LintRule
from patcher.report.escape import UNSAFE
from patcher.report.plan_json import clean

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}


def lint_sarif(outcome: Outcome, rules: Sequence[LintRule], tool: dict[str, str]) -> str:
    """The findings as a SARIF log. A finding in a commit's message has a logical location: the commit."""
    ids = [rule.id for rule in rules]
    others = [each.rule for each in outcome.findings if each.rule not in ids]
    described: list[dict[str, Any]] = [_rule(rule) for rule in rules]
    described += [{"id": rule} for rule in dict.fromkeys(others)]
    index = {rule["id"]: at for at, rule in enumerate(described)}
    driver = {"name": tool["name"], "semanticVersion": tool["version"], "rules": described}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, index) for each in outcome.findings],
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": f"{each.rule} was not looked at: {each.reason}"}}
                    for each in outcome.skipped
                ],
            }
        ],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    text = msgspec.json.format(msgspec.json.encode(clean(log)), indent=2).decode()
    return UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text) + "\n"


def _rule(rule: LintRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": " ".join(rule.explain.split())},
        "help": {"text": f"{rule.fix}. See {rule.source}."},
        "defaultConfiguration": {"level": _LEVEL[rule.level]},
    }


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    fix = f" ({finding.fix})" if finding.fix else ""
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVEL[finding.level],
        "message": {"text": f"{finding.patch}: {finding.message}{fix}"},
        "locations": [_location(finding)],
        "partialFingerprints": {"patcher/v1": finding.fingerprint},
    }


def _location(finding: Finding) -> dict[str, Any]:
    logical = {"fullyQualifiedName": f"{finding.patch}: {finding.summary}", "kind": "object"}
    if not finding.path:
        return {"logicalLocations": [logical]}
    uri = quote(finding.path.encode("utf-8", "surrogateescape"))
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if finding.line:
        physical["region"] = {"startLine": finding.line}
        if finding.column:
            physical["region"] |= {"startColumn": finding.column, "endColumn": finding.column + max(finding.width, 1)}
    return {"physicalLocation": physical, "logicalLocations": [logical]}
