"""Boots as JSON, in the published form ``boot.schema.json``."""

from __future__ import annotations

from pathlib import Path

from msgspec import to_builtins

from patcher.boot.results import Report
from patcher.report.json_tail import render

SCHEMA = Path(__file__).with_name("boot.schema.json")


def boot_json(report: Report, tool: dict[str, str]) -> str:
    """The report as indented JSON. ``tool``: names and versions of what made it."""
    return render({"schema": 1, "tool": tool, **to_builtins(report)})
