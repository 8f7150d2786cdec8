"""Lint's findings as SARIF 2.1.0, for code scanning services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from patcher.lint.model import Finding, Outcome, places
from patcher.lint.rules import LintRule
from patcher.report.sarif_tail import location, log, notification, result
from patcher.report.sarif_tail import rule as described_rule


def lint_sarif(outcome: Outcome, rules: Sequence[LintRule], tool: dict[str, str]) -> str:
    """The findings as a SARIF log, each at its place (``places``), so that it shows in the diff of a pull request."""
    ids = [rule.id for rule in rules]
    others = [each.rule for each in outcome.findings if each.rule not in ids]
    described: list[dict[str, Any]] = [_rule(rule) for rule in rules]
    described += [_of_script(rule) for rule in dict.fromkeys(others)]
    index = {rule["id"]: at for at, rule in enumerate(described)}
    notes = [f"{each.rule} was not looked at: {each.reason}" for each in outcome.skipped]
    notes += [f"default: {each.line}" for each in outcome.defaults]
    notes += [outcome.looked_at] if outcome.looked_at else []
    place = places(outcome)
    results = [_result(each, index, place(each)) for each in outcome.findings]
    return log("lint", tool, described, results, [notification("note", text) for text in notes])


def _rule(rule: LintRule) -> dict[str, Any]:
    advice = f"{rule.fix}. See {rule.source}."
    return described_rule(rule.id, rule.title, " ".join(rule.explain.split()), advice, rule.level.value)


def _of_script(name: str) -> dict[str, Any]:
    script = "checkpatch.pl" if name.startswith("checkpatch:") else "get_maintainer.pl"
    title = f"{name.partition(':')[2] or name} of {script}"
    return described_rule(
        name, title, f"The tree's own {script} says so.", "See Documentation/dev-tools/checkpatch.rst."
    )


def _result(finding: Finding, index: dict[str, int], place: tuple[str, int]) -> dict[str, Any]:
    fix = f" ({finding.fix})" if finding.fix else ""
    inside = place == (finding.path, finding.line)
    column, width = (finding.column, finding.width) if inside else (0, 0)
    where = location(f"{finding.patch}: {finding.summary}", *place, column, width)
    text = f"{finding.patch}: {finding.message}{fix}"
    return result(finding.rule, index[finding.rule], finding.level.value, text, where, finding.fingerprint)
