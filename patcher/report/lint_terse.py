"""Lint's findings for editors and scripts: one line each."""

from __future__ import annotations

from patcher.lint.model import Outcome
from patcher.report.escape import safe


def lint_terse(outcome: Outcome) -> str:
    """``file:line:column: level: text [id]``, and nothing else. What has no file is named by its patch."""
    lines = []
    for each in outcome.findings:
        text = " ".join(f"{each.message}{'; ' + each.fix if each.fix else ''}".split())
        place = f"{each.path or each.patch}:{max(each.line, 1)}:{max(each.column, 1)}"
        lines.append(safe(f"{place}: {each.level.value}: {text} [{each.rule}]").replace("\n", " "))
    return "".join(f"{line}\n" for line in lines)
