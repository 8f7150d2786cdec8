"""Lint's findings as a page: patch by patch and file by file, the line shown with the place marked."""

from __future__ import annotations

from collections.abc import Mapping

from patcher.lint.model import Finding, Level, Outcome
from patcher.report.html import page as shown
from patcher.report.html.check import gaps, made_by
from patcher.report.html.marks import Anchors, by_file, mark, number, place
from patcher.report.html.page import Excerpt, Mark, Tone
from patcher.report.html.render import render


def lint_html(outcome: Outcome, tool: Mapping[str, str]) -> str:
    """The findings as HTML. ``tool``: names and versions of what made it."""
    patches, anchors = _patches(outcome), Anchors()
    made = tuple(
        _patch(number, len(patches), label, found, anchors) for number, (label, found) in enumerate(patches.items(), 1)
    )
    sections = [
        shown.Section("patches", "Patches with findings", str(len(made)), "patches", made),
        *gaps([not_asked(outcome)]),
    ]
    counts = {level: sum(each.level is level for each in outcome.findings) for level in Level}
    tiles = [shown.Tile(str(count), level.value if count == 1 else f"{level.value}s",
                        mark(level).tone if count else Tone.IDLE, "patches" if made else "main")
             for level, count in counts.items()]  # fmt: skip
    tiles.append(shown.Tile(str(len(outcome.skipped)), "not looked at", Tone.IDLE, "not-looked-at"))
    worst = next((mark(level) for level, count in counts.items() if count), Mark("PASS", Tone.GOOD))
    if not outcome.patches + outcome.others:
        worst = Mark("SKIP", Tone.IDLE)
    title = f"{number(outcome.patches, 'patch')} in {number(outcome.series, 'series', 'series')}"
    return render(
        shown.Page("lint", title, worst, line(outcome), tuple(facts(outcome)), tuple(tiles), tuple(sections),
                   made_by(tool))
    )  # fmt: skip


def line(outcome: Outcome) -> str:
    """How it came out, in a sentence."""
    if not outcome.patches + outcome.others:
        return "no patch was found"
    counts = [
        number(count, level.value)
        for level in Level if (count := sum(each.level is level for each in outcome.findings))
    ]  # fmt: skip
    hidden = f"; {outcome.hidden} hidden by suppressions and baseline" if outcome.hidden else ""
    notes = f"; {number(outcome.hidden_notes, 'note')} hidden (--strict shows them)" if outcome.hidden_notes else ""
    return f"{', '.join(counts) if counts else 'nothing found'}{hidden}{notes}"


def facts(outcome: Outcome) -> list[tuple[str, str]]:
    """What was looked at, and by whose rules."""
    found = [("patches", str(outcome.patches)), ("other mails", str(outcome.others or ""))]
    found += [("profile", ", ".join(outcome.profiles)), ("tree", outcome.looked_at)]
    found += [("default", each.line) for each in outcome.defaults]
    return [each for each in found if each[1]]


def _patches(outcome: Outcome) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for each in outcome.findings:
        found.setdefault(each.patch, []).append(each)
    return found


def _patch(at: int, of: int, label: str, found: list[Finding], anchors: Anchors) -> shown.Patch:
    groups = by_file((each.path, finding(each, anchors)) for each in found)
    words = tuple(dict.fromkeys(each.level.value for each in found))
    return shown.Patch(f"patch-{at}", f"{at}/{of}", found[0].summary or label, label, "", words, (), groups)


def finding(each: Finding, anchors: Anchors) -> shown.Finding:
    """A finding: the line with what is meant, what to do, and who asks for it."""
    more = tuple(one for one in (("to do", each.fix), ("see", each.source)) if one[1])
    return shown.Finding(
        anchors.name("f", each.fingerprint), mark(each.level), place(each.path, each.line), each.message, each.rule,
        _excerpt(each), more,
    )  # fmt: skip


def _excerpt(each: Finding) -> Excerpt | None:
    if not each.excerpt:
        return None
    start = max(each.column - 1, 0)
    end = start + each.width
    text = each.excerpt
    return Excerpt(text[:start], text[start:end], text[end:]) if 0 < each.width < len(text) else Excerpt(text)


def not_asked(outcome: Outcome) -> shown.Gaps:
    """Rules that were not asked, by reason."""
    reasons: dict[str, list[str]] = {}
    for each in outcome.skipped:
        reasons.setdefault(each.reason, []).append(each.rule if each.rule != "suppression" else each.patch)
    left = [(", ".join(dict.fromkeys(filter(None, rules))) or "all", reason) for reason, rules in reasons.items()]
    return shown.Gaps("lint", tuple(left))
