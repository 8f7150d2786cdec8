"""A plan as text for people: findings by verdict, the steps, and what was not looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from patcher.escape import safe
from patcher.model import Coverage, Finding, Plan, Step, StepStatus, Verdict
from patcher.report.fold import WIDTH, Whole, fitted
from patcher.template import unfilled

Style = Callable[..., str]

MEANING = {
    Verdict.REDUNDANT: "the P2M answers it once the scheme is in",
    Verdict.REQUIRED: "says something the P2M cannot know",
    Verdict.PLUMBING: "defines, masks or forwards the flag; goes when its last user goes",
    Verdict.UNRELATED: "the same name, for another purpose",
    Verdict.UNDECIDED: "the rules cannot tell; a person must look",
}
_COLOUR = {
    Verdict.REDUNDANT: "green",
    Verdict.REQUIRED: "red",
    Verdict.PLUMBING: "blue",
    Verdict.UNRELATED: "bright_black",
    Verdict.UNDECIDED: "yellow",
}
_OF_INTEREST = (Verdict.REDUNDANT, Verdict.REQUIRED, Verdict.UNDECIDED)
_FEW, _MANY = 12, 40


def plan_text(plan: Plan, style: Style, *, verbose: bool = False, quiet: bool = False, width: int = WIDTH) -> str:
    """The plan as text. ``style(text, fg=…, bold=…)`` colours, or returns the text as it is.

    ``verbose`` adds the evidence and full lists; ``quiet`` leaves the verdicts' findings out but undecided. Lines are
    folded to ``width`` columns, as in all reports.
    """
    lines = [*_head(plan, style)]
    for verdict in Verdict:
        found = [finding for finding in plan.findings if finding.verdict is verdict]
        if found and (not quiet or verdict is Verdict.UNDECIDED):
            lines += ["", style(f"{verdict.value} ({len(found)}): {MEANING[verdict]}", bold=True)]
            shown = found if verbose or verdict in _OF_INTEREST or len(found) <= _MANY else found[:_FEW]
            lines += [line for finding in shown for line in _finding(finding, style, verbose)]
            if len(found) > len(shown):
                lines.append(_more(len(found) - len(shown)))
    lines += ["", *_steps(plan.steps, style, verbose)]
    lines += ["", *_coverage(plan.coverage, style, verbose)]
    lines += ["", _summary(plan)]
    return fitted(lines, width)


def _head(plan: Plan, style: Style) -> Iterator[str]:
    commit = f"commit {plan.tree.commit[:12]}" if plan.tree.commit else "no repository"
    if plan.tree.worktree:
        commit += ", with what is not committed"
    yield style(f"Series {plan.series} on Linux {safe(plan.tree.version)} ({commit})", bold=True)
    yield (f"scope {plan.scope}; " if plan.scope else "") + f"configuration: {safe(plan.tree.config_source)}"


def _finding(finding: Finding, style: Style, verbose: bool) -> Iterator[str]:
    verdict = style(finding.verdict.value, fg=_COLOUR[finding.verdict])
    yield safe(f"{finding.path}:{finding.line}: ") + f"{verdict} [{finding.rule}] {safe(finding.why)}"
    yield Whole(style(f"    {safe(finding.snippet)}", fg="bright_black"))
    if verbose:
        yield from (f"      {safe(place)}" for place in finding.evidence)


def _steps(steps: tuple[Step, ...], style: Style, verbose: bool) -> Iterator[str]:
    yield style(f"steps ({len(steps)})", bold=True)
    colours = {StepStatus.NEEDED: "yellow", StepStatus.PRESENT: "green", StepStatus.BLOCKED: "red"}
    reasons = {step.reason for step in steps}
    for step in steps:
        yield f"  {style(f'{step.status.value:8}', fg=colours[step.status])} {unfilled(step.title)}  ({step.slug})"
        if len(reasons) > 1 or step is steps[0]:
            yield f"           {safe(step.reason)}"
        if verbose:
            for target in step.targets:
                place = f"{target.path}:{target.line}" if target.line else "not in this tree"
                yield safe(f"           changes {f'{target.symbol} ({place})' if target.symbol else place}")


def _coverage(coverage: Coverage, style: Style, verbose: bool) -> Iterator[str]:
    yield style("coverage", bold=True)
    looked = coverage.files_searched or coverage.files_parsed
    yield (
        f"  {coverage.files_searched} files name a symbol of interest; {len(coverage.files_parsed)} were parsed "
        f"as C ({', '.join(coverage.profiles)})"
        if looked
        else "  nothing was parsed: the series has no rules, and names no symbol"
    )
    if looked and coverage.confinement == "none":
        yield style("  libclang was not confined: a file of the tree could read any other", fg="yellow")
    elif looked and verbose:
        yield f"  libclang could open nothing but the tree's files and our headers ({coverage.confinement})"
    groups = (
        ("searched as text only", [f"{item.path}: {item.reason}" for item in coverage.text_only]),
        (
            "not compiled in any of these configurations",
            [
                f"{item.path}:{item.start}-{item.end}: {item.condition or 'inside a macro'}"
                for item in coverage.regions_skipped
            ],
        ),
        ("parsed with errors, so perhaps not understood", list(coverage.errors)),
    )
    for title, items in groups:
        if items:
            yield f"  {title}: {len(items)}"
            shown = items if verbose else items[:_FEW]
            yield from (safe(f"    {item}") for item in shown)
            if len(items) > len(shown):
                yield f"  {_more(len(items) - len(shown))}"


def _more(count: int) -> str:
    return f"  … and {count} more (--verbose, or --format json)"


def _summary(plan: Plan) -> str:
    counts = [
        f"{count} {verdict.value}"
        for verdict in Verdict
        if (count := sum(finding.verdict is verdict for finding in plan.findings))
    ]
    found = ", ".join(counts) if counts else "nothing found" if plan.scope else ""
    return f"{plan.series}: {plan.status.value}" + (f"; {found}" if found else "")
