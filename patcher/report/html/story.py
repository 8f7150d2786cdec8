"""The story of a series as a page: all that the other pages say of it, and the patches themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from patcher.check.results import Finding, Status
from patcher.lint.model import Finding as LintFinding
from patcher.mail.model import Patch
from patcher.model import StepStatus
from patcher.prove.verdict import Status as Held
from patcher.report.html import check, lint, plan, prove
from patcher.report.html import page as shown
from patcher.report.html.diff import Differ
from patcher.report.html.film import film, not_drawn
from patcher.report.html.marks import Anchors, mark, number, plain
from patcher.report.html.page import Tone
from patcher.report.html.render import render
from patcher.story.model import Story


def story_html(story: Story, tool: Mapping[str, str], machine: Sequence[str] = ()) -> str:
    """The story as HTML. ``tool``: names and versions of what made it; ``machine``: a line for each tool at work."""
    anchors = Anchors()
    report = story.report
    count = number(len(report.rows), "patch")
    title = f"{story.name} on Linux {report.version}" if story.plans else f"{count} on Linux {report.version}"
    sections = [
        check.matrix(report), *check.gaps(_not_looked_at(story)), *(film(story.pictures) if story.pictures else ()),
        _patches(story, anchors),
        *_plans(story, anchors), *_proofs(story, anchors), _stages(story), *_again(story, machine),
    ]  # fmt: skip
    return render(
        shown.Page("report", title, check.verdict(report), line(story), tuple(_facts(story)),
                   tuple(_tiles(story)), tuple(sections), check.made_by(tool))
    )  # fmt: skip


def line(story: Story) -> str:
    """How it came out, in a sentence, with what was not run."""
    absent = ", ".join(each.stage for each in story.not_run)
    return check.line(story.report) + (f"; not run: {absent}" if absent else "")


def _facts(story: Story) -> Iterator[tuple[str, str]]:
    report = story.report
    yield "tree", f"{story.place}, Linux {report.version}"
    yield "base", f"{story.base[:12]} {story.base_subject}"
    if story.tip:
        on = f", branch {story.branch}" if story.branch else ""
        yield "result", f"{story.tip[:12]}{on}, {number(len(story.patches), 'commit')} on the base"
    if not story.plans:
        yield "named", story.name
    for each in story.plans:
        yield f"plan of {each.series}", f"{each.status.value}: {plan.line(each)}"
    yield from (("adjustments", each) for each in report.adjustments)
    yield from (("note", each) for each in report.notes)


def _tiles(story: Story) -> Iterator[shown.Tile]:
    report = story.report
    yield shown.Tile(str(len(report.rows)), "patches", Tone.INFO, "commits")
    found = len(report.findings)
    yield shown.Tile(str(found), "findings", check.verdict(report).tone if found else Tone.GOOD, "commits")
    needed = sum(step.status is StepStatus.NEEDED for each in story.plans for step in each.steps)
    if story.plans:
        yield shown.Tile(str(needed), "steps needed", Tone.INFO, plain(story.plans[0].series, "steps"))
    if story.proofs:
        last = [each.status for proof in story.proofs[-1].proofs for each in proof.verdicts]
        held = sum(each is Held.PASS for each in last)
        yield shown.Tile(f"{held}/{len(last)}", "properties hold", prove.verdict(story.proofs).tone, "properties")
    count = sum(len(each.gaps) for each in _not_looked_at(story))
    yield shown.Tile(str(count), "not looked at", Tone.IDLE, "not-looked-at")


def _not_looked_at(story: Story) -> list[shown.Gaps]:
    """What did not run first, then what the stages left out."""
    stages = [shown.Gaps("stages that did not run", tuple((each.stage, each.why) for each in story.not_run))]
    stages += [check.not_compiled(story.report)]
    if story.lint:
        stages.append(lint.not_asked(story.lint))
    if story.proofs:
        stages.append(prove.not_tried(story.proofs))
    if story.pictures:
        stages.append(not_drawn(story.pictures))
    return [*stages, *map(plan.coverage, story.plans)]


def _patches(story: Story, anchors: Anchors) -> shown.Section:
    """The commits with message, diff and findings; those of lint as lint itself tells them."""
    differ = Differ()
    by_id = {each.commit: each for each in story.patches}
    texts = {row.number: _text(by_id[row.id], differ) for row in story.report.rows if row.id in by_id}
    told = {(each.fingerprint, each.path, each.line): each for each in story.lint.findings} if story.lint else {}
    findings = {
        row.number: [(each.path, _finding(each, told, anchors)) for each in story.report.findings
                     if each.commit == row.number]
        for row in story.report.rows
    }  # fmt: skip
    section = check.patches(story.report, anchors, texts, findings)
    return section._replace(title="Patch by patch")


def _finding(each: Finding, told: Mapping[tuple[str, str, int], LintFinding], anchors: Anchors) -> shown.Finding:
    own = told.get((each.fingerprint, each.path, each.line)) if each.check == "lint" else None
    return lint.finding(own, anchors) if own else check.finding(each, anchors)


def _text(patch: Patch, differ: Differ) -> check.Text:
    message = "\n".join([*patch.body, *(("---", *patch.below) if patch.below else ())]).strip("\n")
    return check.Text(f"{patch.author}, {patch.date}", message, differ.show(patch.diff))


def _plans(story: Story, anchors: Anchors) -> Iterator[shown.Section]:
    for each in story.plans:
        yield plan.steps(each)
        yield from plan.verdicts(each, anchors)


def _proofs(story: Story, anchors: Anchors) -> list[shown.Section]:
    if not story.proofs:
        return []
    return [prove.matrix(story.proofs), *prove.failures(story.proofs, anchors), prove.what_ran(story.proofs)]


def _stages(story: Story) -> shown.Section:
    rows = tuple((each.name, f"{each.seconds:.1f}") for each in story.stages)
    skipped = tuple((each.stage, mark(Status.SKIP)) for each in story.not_run)
    table = shown.Table("How long each stage took, in seconds", ("stage", "seconds"), (*rows, *skipped))
    return shown.Section("stages", "Timings", "", "tables", (table,))


def _again(story: Story, machine: Sequence[str]) -> list[shown.Section]:
    commits = f"Base {story.base}" + (f", result {story.tip}." if story.tip else ".")
    said = f"{commits} {'; '.join(machine)}." if machine else commits
    return [shown.Section("again", "To do it again", "", "steps", shown.Steps(said, story.commands))]
