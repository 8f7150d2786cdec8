"""Lint's findings as GitLab's Code Quality report ("artifacts:reports:codequality")."""

from __future__ import annotations

import hashlib

from patcher.escape import safe
from patcher.lint.model import Level, Outcome, places
from patcher.report.json_tail import render
from patcher.report.places import from_here

_SEVERITY = {Level.ERROR: "major", Level.WARNING: "minor", Level.NOTE: "info"}


def lint_codequality(outcome: Outcome) -> str:
    """The findings as a list, each at its place (``places``), so that it shows in a merge request; and the defaults
    that the repository sets. GitLab shows one finding for a fingerprint, and none without a line."""
    place = places(outcome)
    issues = [
        _issue(
            each.rule,
            f"{each.patch}: {each.message}{f' ({each.fix})' if each.fix else ''}",
            each.fingerprint,
            _SEVERITY[each.level],
            *place(each),
        )
        for each in outcome.findings
    ]
    for default in outcome.defaults:
        if not default.own:
            named = hashlib.sha256(default.line.encode("utf-8", "surrogateescape")).hexdigest()[:16]
            issues.append(_issue("default", f"default: {default.line}", named, "info", default.file, 1))
    return render(issues)


def _issue(name: str, text: str, fingerprint: str, severity: str, path: str, line: int) -> dict[str, object]:
    return {
        "description": " ".join(safe(text).split()),
        "check_name": name,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": from_here(path), "lines": {"begin": line}},
    }
