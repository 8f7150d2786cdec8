"""A series on the commits of a range as JSON, in the published form ``sweep.schema.json``."""

from __future__ import annotations

from pathlib import Path

from msgspec import to_builtins

from patcher.report.json_tail import render
from patcher.sweep.model import Sweep

SCHEMA = Path(__file__).with_name("sweep.schema.json")


def sweep_json(found: Sweep, tool: dict[str, str]) -> str:
    """The same as indented JSON. ``tool``: names and versions of what made it."""
    return render({"schema": 1, "tool": tool, **to_builtins(found)})
