"""A plan as JSON, in the published form ``plan.schema.json``."""

from __future__ import annotations

from pathlib import Path

from msgspec import to_builtins

from patcher.model import Plan
from patcher.report.json_tail import render

SCHEMA = Path(__file__).with_name("plan.schema.json")


def plan_json(plan: Plan, tool: dict[str, str]) -> str:
    """The plan as indented JSON. ``tool``: names and versions of what made it."""
    return render({"schema": 1, "tool": tool, **to_builtins(plan)})
