"""How the patches of a series stand to a tree as JSON, in the published form ``status.schema.json``."""

from __future__ import annotations

from pathlib import Path

from msgspec import to_builtins

from patcher.generate.status import SeriesStatus
from patcher.report.json_tail import render

SCHEMA = Path(__file__).with_name("status.schema.json")


def status_json(found: SeriesStatus, tool: dict[str, str]) -> str:
    """The same as indented JSON. ``tool``: names and versions of what made it."""
    return render({"schema": 1, "tool": tool, **to_builtins(found)})
