"""Lint's findings as JSON, in the published form ``lint.schema.json``; and read back, as a baseline."""

from __future__ import annotations

from pathlib import Path

import msgspec

from patcher.errors import InputError
from patcher.files import HUGE, read_file
from patcher.formats import from_json
from patcher.lint.model import Level, Outcome
from patcher.report.json_tail import render

SCHEMA = Path(__file__).with_name("lint.schema.json")


def lint_json(outcome: Outcome, tool: dict[str, str]) -> str:
    """The findings as indented JSON. ``tool``: names and versions of what made it."""
    built = msgspec.to_builtins(outcome)
    findings, skipped = built.pop("findings"), built.pop("skipped")
    counts = {level.value: sum(each.level is level for each in outcome.findings) for level in Level}
    summary = {**counts, **built}
    return render({"schema": 1, "tool": tool, "findings": findings, "skipped": skipped, "summary": summary})


class _Finding(msgspec.Struct, frozen=True):
    fingerprint: str


class _Report(msgspec.Struct, frozen=True):
    schema: int
    findings: tuple[_Finding, ...]


def fingerprints(file: Path) -> tuple[str, ...]:
    """The fingerprints of a report. Raises InputError where the file is none."""
    content = read_file(file, most=HUGE, pipe=True)
    report = from_json(content, _Report, f"{file} is no report of patcher lint", "make one with --format json")
    if report.schema != 1:
        raise InputError(f"{file} has the schema {report.schema}, not 1", "make it anew with --format json")
    return tuple(finding.fingerprint for finding in report.findings)
