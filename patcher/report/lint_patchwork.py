"""Lint's findings as checks of Patchwork, one a patch: what POST /api/patches/ID/checks/ takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from patcher.escape import safe
from patcher.lint.model import Finding, Level, Outcome, Read
from patcher.mail.model import Kind
from patcher.report.json_tail import render

SCHEMA = Path(__file__).with_name("patchwork.schema.json")
CONTEXT = "patcher-lint"  # a slug: patchwork/models.py, Check
_MOST = 255  # characters of a description: a line of Patchwork's table of checks


def lint_patchwork(outcome: Outcome, tool: dict[str, str]) -> str:
    """The checks as indented JSON, in the published form ``patchwork.schema.json``, each with the Message-ID by which
    Patchwork finds the patch. A cover letter has no checks there: what is said of it counts for the patch after it."""
    by_label: dict[str, list[Finding]] = {}
    for finding in outcome.findings:
        by_label.setdefault(finding.patch, []).append(finding)
    checks: list[tuple[Read, list[Finding]]] = []
    left: list[Finding] = []
    for each in outcome.read:
        left += by_label.pop(each.patch, [])
        if each.kind is Kind.PATCH:
            checks.append((each, left))
            left = []
    if checks:
        checks[-1][1].extend(left)
    body = [_check(each, found, outcome) for each, found in checks]
    return render({"schema": 1, "tool": tool, "checks": body})


def _check(read: Read, found: Sequence[Finding], outcome: Outcome) -> dict[str, object]:
    check = {"state": _state(found, outcome), "context": CONTEXT, "description": _description(found, outcome)}
    return {"msgid": read.message_id, "patch": read.patch, "summary": read.summary, "check": check}


def _state(found: Sequence[Finding], outcome: Outcome) -> str:
    failing = [each.level for each in found if outcome.fails(each)]
    return "fail" if Level.ERROR in failing else "warning" if failing else "success"


def _description(found: Sequence[Finding], outcome: Outcome) -> str:
    counts = [(level.value, sum(each.level is level for each in found)) for level in Level]
    said = ", ".join(f"{number} {name}{'s' if number > 1 else ''}" for name, number in counts if number)
    first = next((each for level in Level for each in found if each.level is level), None)
    text = f"{said}: {first.message} [{first.rule}]" if first else "nothing found"
    if unasked := {each.rule for each in outcome.skipped}:
        text += f"; {len(unasked)} rules could not be asked"
    if set_by_repository := [f"patcher.{each.name}" for each in outcome.defaults if not each.own]:
        text = f"{', '.join(set_by_repository)} set by the repository; {text}"
    line = " ".join(safe(text).split())
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"
