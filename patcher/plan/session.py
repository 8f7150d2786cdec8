"""What to plan, from what the user named. A series is planned so before it is generated, too."""

from __future__ import annotations

from pathlib import Path

from patcher import data
from patcher.model import Plan, Status, Verdict
from patcher.plan.request import Request
from patcher.rules.load import load_group
from patcher.series.load import load


def request(
    series: str, folder: Path | None = None, profile: str = "", build: Path | None = None, scope: str = "",
    rules: Path | None = None,
) -> Request:  # fmt: skip
    """What to plan, see ``Request``. ``folder`` and ``rules`` are a series and rules of the user's own. Raises
    InputError where one of them is of no use."""
    spec = load(series, folder)
    return Request(spec.name, spec, load_group(rules or data.directory("rules") / spec.rules), scope, profile, build)


def needs_attention(plan: Plan) -> bool:
    """Whether the series does not fit the tree, or a person must look at a finding."""
    undecided = any(finding.verdict is Verdict.UNDECIDED for finding in plan.findings)
    return undecided or plan.status is Status.NOT_APPLICABLE
