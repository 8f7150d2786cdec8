"""Proofs as text for people: a verdict for each property, what broke it, and what was run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import msgspec

from patcher.escape import safe
from patcher.prove.replay import Replay
from patcher.prove.scenario import Machine
from patcher.prove.steps import AnyStep, Race, RaceOfThree, Scan, View
from patcher.prove.verdict import CommitProof, Counterexample, Proof, Status, Verdict
from patcher.report.fold import WIDTH, fitted

Style = Callable[..., str]
_COLOUR = {
    Status.PASS: "green", Status.FAIL: "red", Status.SKIP: "yellow", Status.ABSENT: "bright_black",
    Status.ERROR: "magenta",
}  # fmt: skip
_LETTER = {
    Status.PASS: "pass", Status.FAIL: "FAIL", Status.SKIP: "skip", Status.ABSENT: "-", Status.ERROR: "ERROR",
}  # fmt: skip
_FEW = 8
_ID, _STATEMENT = 16, 32  # columns of a property's id, and of its statement beside cells


def prove_text(
    commits: Sequence[CommitProof], style: Style, *, verbose: bool = False, quiet: bool = False, width: int = WIDTH
) -> str:
    """The proofs as text. ``style(text, fg=…, bold=…)`` colours, or returns the text as it is.

    One commit is told in full; several as a table, with what fails told after it.
    """
    if len(commits) == 1:
        lines = [
            line for proof in commits[0].proofs for line in (*_proof(commits[0], proof, style, verbose, quiet), "")
        ]
    else:
        lines = [*_table(commits, style, width), "", *_changes(commits, style, verbose)]
    return fitted([*lines, *_summary(commits, style)], width)


def _proof(commit: CommitProof, proof: Proof, style: Style, verbose: bool, quiet: bool) -> Iterator[str]:
    name = safe(commit.subject or commit.commit[:12] or "the tree")
    yield style(f"{name}, {proof.arch} ({proof.bits} bits)", bold=True)
    if proof.error:
        yield safe(f"  not run: {proof.error}")
        return
    for verdict in proof.verdicts:
        if quiet and verdict.status in (Status.PASS, Status.ABSENT):
            continue
        yield from _verdict(verdict, style, verbose)
    if not quiet:
        rate = proof.scenarios / proof.seconds * 60 if proof.seconds else 0
        yield safe(f"  code: {', '.join(proof.sources)}; {proof.profile}; {proof.compiler}")
        yield f"  {proof.scenarios} scenarios in {proof.seconds:.1f} s ({rate:.0f} a minute), seed {proof.seed}"
        yield f"  sandbox: {proof.sandbox}; not the tree's own: {len(proof.shims)} constants, see docs/prove.md"
        if verbose:
            yield from (safe(f"    {shim}") for shim in proof.shims)


def _verdict(verdict: Verdict, style: Style, verbose: bool) -> Iterator[str]:
    state = style(f"{verdict.status.value:6}", fg=_COLOUR[verdict.status])
    cases = f"{verdict.cases:6}" if verdict.cases else " " * 6
    points = f"; {verdict.points} points" if verdict.points else ""
    yield f"  {state} {verdict.id:14} {cases}  {verdict.statement}{points}"
    if verdict.status in (Status.ABSENT, Status.SKIP, Status.ERROR) or verbose:
        yield style(safe(f"{'':31}{verdict.reason}"), fg="bright_black")
    if verdict.counterexample:
        yield from _example(verdict.counterexample)


def _example(example: Counterexample) -> Iterator[str]:
    yield safe(f"{'':9}on {machine_text(example.scenario.machine)}")
    played = example.scenario.steps[: example.step + 1]
    steps = [step_text(step) for step in played if not isinstance(step, Scan | View)]
    shown = steps if len(steps) <= _FEW else [*steps[:2], "…", *steps[-(_FEW - 3) :]]
    yield safe(f"{'':9}after {', '.join(shown)}")
    yield safe(f"{'':9}expected: {example.expected}")
    yield safe(f"{'':9}found:    {example.found}")
    if example.place:
        yield safe(f"{'':9}at        {example.place}")


def machine_text(machine: Machine) -> str:
    """A machine in one line."""
    kind = "the initial domain" if machine.initial else "an unprivileged domain"
    parts = [f"{kind} with {machine.nr_pages:#x} pages"]
    parts.append("MFNs " + ", ".join(f"{mfn:#x}+{count:#x}" for count, mfn, _ in machine.frames))
    if machine.tail:
        parts.append(f"{machine.tail:#x} behind the list")
    if machine.e820_result:
        parts.append(f"E820: error {machine.e820_result}")
    elif machine.e820:
        parts.append("E820 " + ", ".join(f"{addr:#x}+{size:#x}/{kind}" for addr, size, kind in machine.e820))
    return "; ".join(parts)


def step_text(step: AnyStep) -> str:
    """A step in C's way to write a call."""
    if isinstance(step, Race):
        more = f", and at {step.second_at} {step_text(step.second)}" if isinstance(step, RaceOfThree) else ""
        at = f"{step.point.value} {step.at}"
        return f"{step_text(step.ours)} while at {at} another CPU does {step_text(step.rival)}{more}"
    return f"{step.name}({', '.join(f'{each:#x}' for each in msgspec.structs.astuple(step))})"


def _table(commits: Sequence[CommitProof], style: Style, width: int) -> Iterator[str]:
    """Properties down, commits across; where these are too many, in runs. Where the word sizes differ, both are said:
    64/32."""
    yield style("commits", bold=True)
    for number, commit in enumerate(commits):
        start = " (what the range starts from)" if number == 0 else ""
        yield safe(f"  {number:3}  {commit.commit[:12]}  {commit.subject}{start}")
    yield ""
    verdicts = commits[0].proofs[0].verdicts
    told = [[_states(commit, at) for commit in commits] for at in range(len(verdicts))]
    wide = 11 if any(len(states) > 1 for each in told for states in each) else 6
    across = 2 + _ID + wide * len(commits)
    if across <= width:
        yield f"  {'property':{_ID}}" + "".join(f"{number:>{wide}}" for number in range(len(commits)))
    for verdict, each in zip(verdicts, told, strict=True):
        cells = [" " * (wide - len(_told(states, None))) + _told(states, style) for states in each]
        line = f"  {verdict.id:{_ID}}{''.join(cells) if across <= width else f'  {_runs(each, style)}'}"
        if across + _STATEMENT <= width:
            yield f"{line}  {verdict.statement}"
        else:
            yield from (line, f"      {verdict.statement}")


def _states(commit: CommitProof, at: int) -> tuple[Status, ...]:
    """How a property stands: of each word size, or once for all."""
    states = tuple(proof.verdicts[at].status for proof in commit.proofs)
    return states[:1] if len(set(states)) == 1 else states


def _told(states: tuple[Status, ...], style: Style | None) -> str:
    return "/".join(style(_LETTER[each], fg=_COLOUR[each]) if style else _LETTER[each] for each in states)


def _runs(each: Sequence[tuple[Status, ...]], style: Style) -> str:
    """The states of commits that follow each other, such as ``- at 0–12, pass at 13–299``."""
    found, first = [], 0
    for states, group in itertools.groupby(each):
        last = first + len(list(group)) - 1
        found.append(f"{_told(states, style)} at {first}{f'–{last}' if last > first else ''}")
        first = last + 1
    return ", ".join(found)


def _changes(commits: Sequence[CommitProof], style: Style, verbose: bool) -> Iterator[str]:
    """Where a property first holds, and where it first breaks; what happens on both word sizes is said once."""
    lines: dict[str, list[str]] = {}
    examples: dict[str, Counterexample] = {}
    for which, proof in enumerate(commits[0].proofs):
        for at, first in enumerate(proof.verdicts):
            before = first.status
            for number, commit in enumerate(commits):
                now = commit.proofs[which].verdicts[at]
                line = _change(now, before, number)
                if line:
                    lines.setdefault(line, []).append(proof.arch)
                    if now.counterexample and (number or verbose):
                        examples.setdefault(line, now.counterexample)
                before = before if now.status is Status.ERROR else now.status
    for line, archs in lines.items():
        where = "" if len(archs) == len(commits[0].proofs) else f" ({', '.join(archs)})"
        yield style(f"  {line}{where}", fg="red") if line in examples else f"  {line}{where}"
        if line in examples:
            yield from _example(examples[line])


def _change(now: Verdict, before: Status, number: int) -> str:
    """What there is to say of a property at a commit, or ""."""
    if now.status is Status.ERROR:
        return safe(f"{now.id} was not tried at {number}: {now.reason}")
    if number and now.status is Status.PASS and before is not Status.PASS:
        return (
            f"{now.id} holds from {number} on (it was {_LETTER[before] if before is not Status.ABSENT else 'absent'})"
        )
    if now.status is Status.FAIL and number == 0:
        return f"{now.id} fails in what the range starts from"
    if now.status is Status.FAIL and before is not Status.FAIL:
        return f"{now.id} breaks at {number}"
    return ""


def _summary(commits: Sequence[CommitProof], style: Style) -> Iterator[str]:
    last = [verdict for proof in commits[-1].proofs for verdict in proof.verdicts]
    counts = [f"{n} {state.value}" for state in Status if (n := sum(v.status is state for v in last))]
    yield style(f"prove: {', '.join(counts)}", bold=True)


def replay_text(result: Replay, style: Style, width: int = WIDTH) -> str:
    """A scenario that was played again, step by step."""
    stored = result.stored
    lines = [style(f"{stored.property}: {stored.statement} ({stored.arch})", bold=True)]
    lines.append(safe(f"  {machine_text(stored.counterexample.scenario.machine)}"))
    for number, (step, answer) in enumerate(result.steps):
        mark = ">" if number == stored.counterexample.step else " "
        lines.append(safe(f" {mark} {number:3}  {step}{f'  = {answer}' if answer else ''}"))
    if result.ended:
        lines.append(safe(f"  ended: {result.ended} {result.place}"))
    lines.append(safe(f"  expected: {stored.counterexample.expected}"))
    lines.append(safe(f"  found:    {stored.counterexample.found} (when it was stored)"))
    lines.append(style("still wrong" if result.still_wrong else "no longer wrong", bold=True))
    return fitted(lines, width)
