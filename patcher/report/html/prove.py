"""Proofs as a page: the table of properties and commits, what broke one, and what was run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from patcher.prove.scenario import Machine
from patcher.prove.steps import Scan, View
from patcher.prove.verdict import CommitProof, Counterexample, Status, Verdict
from patcher.report.html import page as shown
from patcher.report.html.check import gaps, made_by
from patcher.report.html.marks import Anchors, by_file, counted, mark, number
from patcher.report.html.page import Mark
from patcher.report.html.render import render
from patcher.report.prove_text import machine_text, step_text

_FEW = 12


def prove_html(commits: Sequence[CommitProof], tool: Mapping[str, str]) -> str:
    """The proofs as HTML. ``tool``: names and versions of what made it."""
    last = [mark(each.status) for proof in commits[-1].proofs for each in proof.verdicts]
    sections = [matrix(commits), *failures(commits, Anchors()), *gaps([not_tried(commits)]), what_ran(commits)]
    tiles = [
        shown.Tile(str(count), each.value, mark(each).tone, "properties")
        for each in Status if (count := sum(one.word == each.value for one in last))
    ]  # fmt: skip
    name = commits[-1].subject or commits[-1].commit[:12] or "the tree"
    title = name if len(commits) == 1 else f"{number(len(commits) - 1, 'commit')} and what they start from"
    facts = [("last commit", f"{commits[-1].commit[:12]} {commits[-1].subject}".strip())] if commits[-1].commit else []
    return render(
        shown.Page("prove", title, verdict(commits), counted(last), tuple(facts), tuple(tiles), tuple(sections),
                   made_by(tool))
    )  # fmt: skip


def verdict(commits: Sequence[CommitProof]) -> Mark:
    """How the last commit came out; ERROR where any has a property that was not tried."""
    states = {each.status for proof in commits[-1].proofs for each in proof.verdicts}
    if Status.FAIL in states:
        return mark(Status.FAIL)
    if any(each.status is Status.ERROR for commit in commits for proof in commit.proofs for each in proof.verdicts):
        return mark(Status.ERROR)
    return mark(Status.PASS if Status.PASS in states else Status.SKIP)


def matrix(commits: Sequence[CommitProof]) -> shown.Section:
    """Properties down, commits and word sizes across: one column for word sizes that say the same everywhere."""
    columns, cells = [], []
    for at, commit in enumerate(commits):
        name = f"{at}" if len(commits) > 1 else commit.subject or commit.commit[:12] or "the tree"
        states = [[each.status for each in proof.verdicts] for proof in commit.proofs]
        for proof, own in zip(commit.proofs, states, strict=True):
            if own == states[0] and proof is not commit.proofs[0]:
                continue
            archs = [p.arch for p, one in zip(commit.proofs, states, strict=True) if one == own]
            columns.append(shown.Column(f"{name} {'/'.join(archs)}", f"{commit.commit[:12]} {commit.subject}".strip()))
            cells.append([mark(each) for each in own])
    rows = tuple(
        shown.Row("", each.id, each.statement, tuple(own[at] for own in cells))
        for at, each in enumerate(commits[0].proofs[0].verdicts)
    )
    table = shown.Matrix("Each property of the P2M, in each tree", "property", tuple(columns), rows)
    return shown.Section("properties", "Properties", str(len(rows)), "matrix", table)


def failures(commits: Sequence[CommitProof], anchors: Anchors) -> list[shown.Section]:
    """What does not hold: of each property and word size the first commit of those in a row."""
    made = []
    for at, commit in enumerate(commits):
        before = commits[at - 1] if at else None
        found = [(_file(each), _finding(each, proof.arch, anchors))
                 for number, proof in enumerate(commit.proofs) for which, each in enumerate(proof.verdicts)
                 if each.status is Status.FAIL and not _failed(before, number, which)]  # fmt: skip
        if found:
            name = commit.subject or "the tree"
            label = f"{at}" if len(commits) > 1 else ""
            made.append(shown.Patch(f"proof-{at}", label, name, commit.commit[:12],
                                    "what the range starts from" if before is None and len(commits) > 1 else "",
                                    ("FAIL",), (), by_file(found)))  # fmt: skip
    return [shown.Section("failures", "What does not hold", "", "patches", tuple(made))] if made else []


def _file(verdict: Verdict) -> str:
    """The file that the place of a failure is in."""
    place = verdict.counterexample.place if verdict.counterexample else ""
    return place.removeprefix("last stored by ").rpartition(":")[0] or "no line of the tree"


def _failed(commit: CommitProof | None, number: int, which: int) -> bool:
    return commit is not None and commit.proofs[number].verdicts[which].status is Status.FAIL


def _finding(each: Verdict, arch: str, anchors: Anchors) -> shown.Finding:
    wrong = each.counterexample
    more = tuple(_example(wrong)) if wrong else (("why", each.reason),)
    return shown.Finding(
        anchors.name("f", f"prove-{arch}-{each.id}"), mark(each.status), wrong.place if wrong else "", each.statement,
        f"{each.id}, {arch}", None, more,
    )  # fmt: skip


def _example(example: Counterexample) -> Iterator[tuple[str, str]]:
    machine: Machine = example.scenario.machine
    yield "on", machine_text(machine)
    played = example.scenario.steps[: example.step + 1]
    steps = [step_text(step) for step in played if not isinstance(step, Scan | View)]
    few = steps if len(steps) <= _FEW else [*steps[:3], f"… {len(steps) - _FEW + 1} more …", *steps[-(_FEW - 4) :]]
    yield "after", ", ".join(few)
    yield "expected", example.expected
    yield "found", example.found


def not_tried(commits: Sequence[CommitProof]) -> shown.Gaps:
    """Properties of the last commit that were skipped or that the tree does not claim, and what could not run, or was
    not tried, of each."""
    found: dict[tuple[str, str], list[str]] = {}
    for at, commit in enumerate(commits):
        for proof in commit.proofs:
            if proof.error:
                found.setdefault((f"{at} {commit.subject}".strip(), proof.error), []).append(proof.arch)
                continue
            last = commit is commits[-1]
            for each in proof.verdicts:
                if each.status is Status.ERROR or (last and each.status in (Status.SKIP, Status.ABSENT)):
                    what = (
                        f"{'' if last else f'{at} {commit.subject}: '}{each.status.value} {each.id}: {each.statement}"
                    )
                    found.setdefault((what, each.reason), []).append(proof.arch)
    left = tuple((f"{what} ({', '.join(archs)})", why) for (what, why), archs in found.items())
    return shown.Gaps("prove", left)


def what_ran(commits: Sequence[CommitProof]) -> shown.Section:
    """The programs that were made and played."""
    heads = ("tree", "word size", "code", "compiler", "scenarios", "seconds", "seed", "sandbox")
    rows = tuple(
        (f"{commit.commit[:12]} {commit.subject}".strip() or "the tree", proof.arch, ", ".join(proof.sources),
         f"{proof.compiler}; {proof.profile}", f"{proof.scenarios:,}", f"{proof.seconds:.1f}", str(proof.seed),
         proof.sandbox)
        for commit in commits for proof in commit.proofs
    )  # fmt: skip
    table = shown.Table("What was compiled and played", heads, rows)
    return shown.Section("ran", "What was run", "", "tables", (table,))
