"""Lint's findings as SARIF 2.1.0, for code scanning services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from patcher.lint.model import STDIN, Finding, Outcome
from patcher.lint.rules import LintRule
from patcher.report.sarif_tail import location, log, notification, result
from patcher.report.sarif_tail import rule as described_rule


def lint_sarif(outcome: Outcome, rules: Sequence[LintRule], tool: dict[str, str]) -> str:
    """The findings as a SARIF log. What is said of a commit's message, or of a mail that is in no file, stands at the
    first line that the patch changes: code scanning shows it there, in the diff of a pull request."""
    ids = [rule.id for rule in rules]
    others = [each.rule for each in outcome.findings if each.rule not in ids]
    described: list[dict[str, Any]] = [_rule(rule) for rule in rules]
    described += [_of_script(rule) for rule in dict.fromkeys(others)]
    index = {rule["id"]: at for at, rule in enumerate(described)}
    notes = [f"{each.rule} was not looked at: {each.reason}" for each in outcome.skipped]
    notes += [f"default: {each.line}" for each in outcome.defaults]
    notes += [outcome.looked_at] if outcome.looked_at else []
    results = [_result(each, index, outcome.changes) for each in outcome.findings]
    return log(tool, described, results, [notification("note", text) for text in notes])


def _rule(rule: LintRule) -> dict[str, Any]:
    advice = f"{rule.fix}. See {rule.source}."
    return described_rule(rule.id, rule.title, " ".join(rule.explain.split()), advice, rule.level.value)


def _of_script(name: str) -> dict[str, Any]:
    script = "checkpatch.pl" if name.startswith("checkpatch:") else "get_maintainer.pl"
    title = f"{name.partition(':')[2] or name} of {script}"
    return described_rule(
        name, title, f"The tree's own {script} says so.", "See Documentation/dev-tools/checkpatch.rst."
    )


def _result(finding: Finding, index: dict[str, int], changes: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
    fix = f" ({finding.fix})" if finding.fix else ""
    name = f"{finding.patch}: {finding.summary}"
    if finding.path in ("", STDIN):
        path, line = changes.get(finding.patch, (f"{finding.patch}.patch", 1))
        where = location(name, path, line)
    else:
        where = location(name, finding.path, finding.line, finding.column, finding.width)
    text = f"{finding.patch}: {finding.message}{fix}"
    return result(finding.rule, index[finding.rule], finding.level.value, text, where, finding.fingerprint)
