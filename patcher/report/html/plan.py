"""A plan as a page: findings by verdict and file, the steps, and what was not looked at."""

from __future__ import annotations

from collections.abc import Mapping

from patcher.model import Coverage, Finding, Plan, Status, Verdict
from patcher.plan.session import needs_attention
from patcher.report.html import page as shown
from patcher.report.html.check import gaps, made_by
from patcher.report.html.marks import Anchors, by_file, mark, number, place, plain
from patcher.report.html.page import Excerpt, Mark, Tone
from patcher.report.html.render import render
from patcher.report.plan_text import MEANING
from patcher.template import unfilled

_OF_INTEREST = (Verdict.REDUNDANT, Verdict.REQUIRED, Verdict.UNDECIDED)


def plan_html(plan: Plan, tool: Mapping[str, str]) -> str:
    """The plan as HTML. ``tool``: names and versions of what made it."""
    sections = [steps(plan), *verdicts(plan, Anchors()), *gaps([coverage(plan)])]
    undecided = sum(each.verdict is Verdict.UNDECIDED for each in plan.findings)
    fits = Mark(plan.status.value, Tone.WARN) if undecided else mark(plan.status)
    tiles = [
        shown.Tile(str(count), each.value, mark(each).tone, plain(plan.series, each.value))
        for each in Verdict if (count := sum(finding.verdict is each for finding in plan.findings))
    ]  # fmt: skip
    title = f"Series {plan.series} on Linux {plan.tree.version}"
    return render(
        shown.Page("plan", title, fits, line(plan), tuple(facts(plan)), tuple(tiles), tuple(sections), made_by(tool))
    )


def line(plan: Plan) -> str:
    """How the series stands to the tree, in a sentence."""
    needed = sum(step.status.value == "needed" for step in plan.steps)
    said = {
        Status.APPLICABLE: f"the tree needs all {number(len(plan.steps), 'step')}",
        Status.PARTLY: f"the tree needs {needed} of {number(len(plan.steps), 'step')}",
        Status.ALREADY: "the tree has all of it",
        Status.NOT_APPLICABLE: "the tree cannot take it",
    }[plan.status]
    found = f"; {number(len(plan.findings), 'place')} looked at" if plan.findings else ""
    person = "; a person must look" if needs_attention(plan) else ""
    return f"{said}{found}{person}"


def facts(plan: Plan) -> list[tuple[str, str]]:
    """What was planned for."""
    commit = plan.tree.commit[:12] if plan.tree.commit else "no repository"
    if plan.tree.worktree:
        commit += ", with what is not committed"
    found = [("tree", f"Linux {plan.tree.version}, {commit}"), ("configuration", plan.tree.config_source)]
    return [*found, ("scope", plan.scope)] if plan.scope else found


def steps(plan: Plan) -> shown.Section:
    """The steps of the series."""
    rows = tuple(
        (unfilled(step.title), mark(step.status), step.reason,
         ", ".join(dict.fromkeys(place(each.path, each.line) for each in step.targets)))
        for step in plan.steps
    )  # fmt: skip
    table = shown.Table("Each step of the series, as the tree stands to it",
                        ("step", "status", "what tells", "changes"), rows)  # fmt: skip
    return shown.Section(plain(plan.series, "steps"), f"Steps of {plan.series}", str(len(rows)), "tables", (table,))


def verdicts(plan: Plan, anchors: Anchors) -> list[shown.Section]:
    """The findings by verdict, and by file in each."""
    parts = []
    for verdict in Verdict:
        found = [each for each in plan.findings if each.verdict is verdict]
        if found:
            groups = by_file((each.path, _finding(each, anchors)) for each in found)
            said = f"{len(found)}: {MEANING[verdict]}"
            folded = verdict not in _OF_INTEREST
            parts.append(shown.Verdicts(plain(plan.series, verdict.value), mark(verdict), said, groups, folded))
    if not parts:
        return []
    title = f"What {plan.series} makes of places in the tree"
    return [shown.Section(plain(plan.series, "places"), title, str(len(plan.findings)), "verdicts", tuple(parts))]


def _finding(each: Finding, anchors: Anchors) -> shown.Finding:
    more = [
        ("in", f"{each.function}()" if each.function else ""), *(("evidence", place) for place in each.evidence),
        ("done by", ", ".join(each.calls)), ("there", "; ".join(each.setters)),
        *(("to be known", str(remark.value)) for remark in each.remarks),
        ("asked for before by", each.asks),
    ]  # fmt: skip
    before, meant, after = each.snippet.partition(each.symbol) if each.symbol else (each.snippet, "", "")
    return shown.Finding(
        anchors.name("f", each.fingerprint), mark(each.verdict), place(each.path, each.line), each.why, each.rule,
        Excerpt(before, meant, after), tuple(one for one in more if one[1]),
    )  # fmt: skip


def coverage(plan: Plan) -> shown.Gaps:
    """What was not looked at."""
    found: Coverage = plan.coverage
    left = [
        *((each.path, f"searched as text only: {each.reason}") for each in found.text_only),
        *((f"{each.path}:{each.start}-{each.end}", f"not compiled in any of these configurations: "
           f"{each.condition or 'inside a macro'}") for each in found.regions_skipped),
        *((each, "parsed with errors, so perhaps not understood") for each in found.errors),
    ]  # fmt: skip
    if found.confinement == "none" and found.files_parsed:
        left.append(("libclang", "was not confined: a file of the tree could read any other"))
    looked = (
        f"{number(found.files_searched, 'file')} name a symbol of interest; {len(found.files_parsed)} were parsed as C "
        f"({', '.join(found.profiles)})"
        if found.files_searched or found.files_parsed
        else "nothing was parsed: the series has no rules, and names no symbol"
    )
    return shown.Gaps(f"plan, {plan.series}", tuple(left), looked)
