"""A series on the commits of a range, as text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from patcher.check.results import counted
from patcher.escape import safe
from patcher.report.fold import WIDTH, fitted
from patcher.report.table import Cell, Row, Style, table
from patcher.sweep.model import Outcome, Sweep, Tried


def sweep_text(found: Sweep, style: Style, *, verbose: bool, quiet: bool, width: int = WIDTH) -> str:
    """A row for each commit, what somebody must look at, and how many came out how. ``verbose``: with what blocks the
    series on each commit."""
    lines: list[str] = []
    if not quiet:
        heads = ("plan", "apply", "agree", *(("prove",) if found.examples else ()))
        rows = [Row(safe(f"{each.commit[:12]} {each.subject}"), _cells(each, len(heads))) for each in found.commits]
        lines += [*table(heads, rows, width, style), ""]
    told = [each for each in found.commits if each.wrong or (verbose and each.outcome and each.outcome.blocked)]
    for each in told:
        lines += [safe(f"{each.commit[:12]} {each.subject}"), *(f"    {safe(line)}" for line in _told(each))]
    lines += [*([""] if told else []), *map(safe, _counts(found))]
    return fitted(lines, width)


def _cells(each: Tried, count: int) -> tuple[Cell, ...]:
    outcome = each.outcome
    if outcome is None:
        return (Cell("ERROR", "red"), *[Cell("", "")] * (count - 1))
    agree = Cell("NO", "red") if outcome.disagree else Cell("yes", "green")
    cells = (Cell(outcome.plan, ""), Cell(outcome.apply, ""), agree, Cell(*_proven(outcome)))
    return cells[:count]


def _proven(outcome: Outcome) -> tuple[str, str]:
    if outcome.lost is None:
        return "", ""
    return (f"{len(outcome.lost)} lost", "red") if outcome.lost else ("kept", "green")


def _told(each: Tried) -> Iterator[str]:
    if each.outcome is None:
        yield each.error
        return
    if each.outcome.disagree:
        yield each.outcome.disagree
    if each.outcome.blocked:
        yield f"plan: {each.outcome.blocked}"
    if each.outcome.disagree and each.outcome.refusal:
        yield f"apply: {each.outcome.refusal}"
    if each.outcome.lost:
        yield f"fails now: {', '.join(each.outcome.lost)}"


def _counts(found: Sweep) -> Iterator[str]:
    outcomes = [each.outcome for each in found.commits if each.outcome]
    for (plan, applied), count in Counter((each.plan, each.apply) for each in outcomes).most_common():
        yield f"{count:4}  plan {plan}, apply {applied}"
    for reason, count in Counter(each.blocked for each in outcomes if each.blocked).most_common():
        yield f"{count:4}  blocked: {reason}"
    failed = len(found.commits) - len(outcomes)
    yield (
        f"{found.series}: {counted(len(found.commits), 'commit')}, "
        f"plan and apply disagree on {sum(bool(each.disagree) for each in outcomes)}"
        + (f"; not tried: {failed}" if failed else "")
        + (_proofs(outcomes) if found.examples else "")
    )


def _proofs(outcomes: list[Outcome]) -> str:
    proven = [each for each in outcomes if each.lost is not None]
    return f"; proven: {len(proven)}, with a property lost: {sum(bool(each.lost) for each in proven)}"
