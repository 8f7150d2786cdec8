"""A plan as JSON, in the published form ``plan.schema.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from patcher.model import Plan
from patcher.report.escape import UNSAFE

SCHEMA = Path(__file__).with_name("plan.schema.json")


def plan_json(plan: Plan, tool: dict[str, str]) -> str:
    """The plan as indented JSON. ``tool``: names and versions of what made it."""
    body: dict[str, Any] = {"schema": 1, "tool": tool, **msgspec.to_builtins(plan)}
    text = msgspec.json.format(msgspec.json.encode(clean(body)), indent=2)
    return UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text.decode()) + "\n"


def clean(value: Any) -> Any:
    """Paths may hold bytes that are no UTF-8; JSON may not."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {key: clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [clean(each) for each in value]
    return value
