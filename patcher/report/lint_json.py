"""Lint's findings as JSON, in the published form ``lint.schema.json``."""

from __future__ import annotations

from pathlib import Path

import msgspec

from patcher.lint.model import Level, Outcome
from patcher.report.json_tail import render

SCHEMA = Path(__file__).with_name("lint.schema.json")


def lint_json(outcome: Outcome, tool: dict[str, str]) -> str:
    """The findings as indented JSON. ``tool``: names and versions of what made it."""
    built = msgspec.to_builtins(outcome)
    findings, skipped, _ = built.pop("findings"), built.pop("skipped"), built.pop("read")
    counts = {level.value: sum(each.level is level for each in outcome.findings) for level in Level}
    summary = {**counts, **built}
    return render({"schema": 1, "tool": tool, "findings": findings, "skipped": skipped, "summary": summary})
