"""Lint's findings as SARIF 2.1.0, for code scanning services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from patcher.lint.model import Finding, Outcome
from patcher.lint.rules import LintRule
from patcher.report.sarif_tail import location, log, notification, result


def lint_sarif(outcome: Outcome, rules: Sequence[LintRule], tool: dict[str, str]) -> str:
    """The findings as a SARIF log. A finding in a commit's message has a logical location: the commit."""
    ids = [rule.id for rule in rules]
    others = [each.rule for each in outcome.findings if each.rule not in ids]
    described: list[dict[str, Any]] = [_rule(rule) for rule in rules]
    described += [{"id": rule} for rule in dict.fromkeys(others)]
    index = {rule["id"]: at for at, rule in enumerate(described)}
    skipped = [notification("note", f"{each.rule} was not looked at: {each.reason}") for each in outcome.skipped]
    return log(tool, described, [_result(each, index) for each in outcome.findings], skipped)


def _rule(rule: LintRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": " ".join(rule.explain.split())},
        "help": {"text": f"{rule.fix}. See {rule.source}."},
        "defaultConfiguration": {"level": rule.level.value},
    }


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    fix = f" ({finding.fix})" if finding.fix else ""
    where = location(f"{finding.patch}: {finding.summary}", finding.path, finding.line, finding.column, finding.width)
    text = f"{finding.patch}: {finding.message}{fix}"
    return result(finding.rule, index[finding.rule], finding.level.value, text, where, finding.fingerprint)
