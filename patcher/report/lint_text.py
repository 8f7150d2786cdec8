"""Lint's findings for people: by patch, the line shown with the place marked, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from patcher.escape import safe
from patcher.lint.model import Finding, Level, Outcome
from patcher.lint.session import Corrected
from patcher.report.excerpt import marked
from patcher.report.fold import WIDTH, Whole, fitted

Style = Callable[..., str]
_COLOUR = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "blue"}
_BESIDE = "    | "


def lint_text(outcome: Outcome, style: Style, *, verbose: bool = False, quiet: bool = False, width: int = WIDTH) -> str:
    """The findings as text. ``style(text, fg=…, bold=…)`` colours, or returns the text as it is.

    ``quiet`` leaves out what was not looked at where nothing was found, too; ``verbose`` shows it patch by patch, and
    where each rule is written.
    """
    lines: list[str] = []
    for _, group in groupby(outcome.findings, key=lambda finding: finding.patch):
        findings = list(group)
        lines += [style(safe(f"{findings[0].patch}: {findings[0].summary}".rstrip(": ")), bold=True)]
        for finding in findings:
            lines += _finding(finding, style, verbose, width)
        lines.append("")
    lines += _looked_at(outcome)
    if outcome.skipped and not quiet:
        lines += _skipped(outcome, verbose)
    lines.append(_summary(outcome))
    return fitted(lines, width)


def corrected_text(corrected: Corrected, style: Style, width: int = WIDTH) -> str:
    """What was put right, as a difference; where it was written; and what is left to do by hand."""
    from patcher.lint.fix import difference

    lines = [safe(difference(before, after)) for before, after in corrected.changed]
    where = f"the commits are on the new branch {corrected.target}"
    if not corrected.changed:
        lines.append("nothing that could be put right with certainty; nothing was written\n")
    else:
        if not corrected.branch:
            where = f"the mail is in the new directory {safe(corrected.target)}"
        lines.append(f"{len(corrected.changed)} messages put right; {where}\n")
    return f"{''.join(lines)}\n{lint_text(corrected.left, style, width=width)}"


def _finding(finding: Finding, style: Style, verbose: bool, width: int) -> Iterator[str]:
    location = (
        f"{finding.path}:{finding.line}: "
        if finding.line and finding.path
        else f"{finding.path}: "
        if finding.path
        else ""
    )
    if not finding.path and finding.line:
        location = f"message line {finding.line}: "
    level = style(finding.level.value, fg=_COLOUR[finding.level])
    yield f"  {safe(location)}{level}: {safe(finding.message)} [{safe(finding.rule)}]"
    if finding.excerpt:
        shown = marked(finding.excerpt, finding.column, finding.width, width - len(_BESIDE))
        yield from (Whole(style(_BESIDE + line, fg="bright_black")) for line in shown)
    if finding.fix:
        yield f"      {safe(finding.fix)}"
    if verbose and finding.source:
        yield f"      see {safe(finding.source)}"


def _looked_at(outcome: Outcome) -> Iterator[str]:
    if outcome.patches or outcome.others:
        others = f" and {_number(outcome.others, 'other mail')}" if outcome.others else ""
        profiles = f"; profile {', '.join(outcome.profiles)}" if outcome.profiles else ""
        yield f"{_number(outcome.patches, 'patch')}{others} in {_number(outcome.series, 'series')}{profiles}"
    else:
        yield "no patch was found"
    yield from (safe(f"default: {each.line}") for each in outcome.defaults)
    if outcome.looked_at:
        yield safe(outcome.looked_at)


def _skipped(outcome: Outcome, verbose: bool) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for each in outcome.skipped:
        reasons.setdefault(each.reason, []).append(each.rule if each.rule != "suppression" else each.patch)
    for reason, rules in reasons.items():
        names = ", ".join(dict.fromkeys(rule for rule in rules if rule))
        shown = names if verbose or len(names) < 100 else f"{_number(len(set(rules)), 'rule')}"
        yield safe(f"SKIP {shown}: {reason}" if shown else reason)


def _number(count: int, name: str) -> str:
    if name == "series":
        return f"{count} series"
    plural = f"{name}es" if name.endswith("h") else f"{name}s"
    return f"{count} {name if count == 1 else plural}"


def _summary(outcome: Outcome) -> str:
    counts = [
        _number(count, level.value)
        for level in Level
        if (count := sum(finding.level is level for finding in outcome.findings))
    ]
    hidden = f" ({outcome.hidden} hidden by suppressions and baseline)" if outcome.hidden else ""
    notes = f"; {_number(outcome.hidden_notes, 'note')} hidden (--strict shows them)" if outcome.hidden_notes else ""
    return f"lint: {', '.join(counts) if counts else 'nothing found'}{hidden}{notes}"
