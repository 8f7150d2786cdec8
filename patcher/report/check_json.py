"""A check as JSON, in the published form ``check.schema.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from patcher.check.results import Report
from patcher.report.escape import UNSAFE

SCHEMA = Path(__file__).with_name("check.schema.json")


def check_json(report: Report, tool: dict[str, str]) -> str:
    """The check as indented JSON. ``tool``: names and versions of what made it."""
    return render({"schema": 1, "tool": tool, **msgspec.to_builtins(report)})


def render(body: dict[str, Any]) -> str:
    """A value as indented JSON that drives no terminal."""
    text = msgspec.json.format(msgspec.json.encode(_clean(body)), indent=2)
    return UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text.decode()) + "\n"


def _clean(value: Any) -> Any:
    """Paths may hold bytes that are no UTF-8; JSON may not."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    return value
