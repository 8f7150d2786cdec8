"""Playing a stored scenario again, perhaps on another commit."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.prove import selfcheck, toolchain
from patcher.prove.answers import Run, Unreachable
from patcher.prove.build import ARCHS, build
from patcher.prove.history import Mismatch, shown
from patcher.prove.outcome import Outcome, ending
from patcher.prove.protocol import Why
from patcher.prove.prove import place
from patcher.prove.run import RunError, Runner
from patcher.prove.steps import AnyStep
from patcher.prove.store import Stored, load
from patcher.prove.verdict import Counterexample
from patcher.tree.kernel import KernelTree


class Replay(NamedTuple):
    """A scenario played again: each step with its answer in words, and whether it still goes wrong."""

    stored: Stored
    steps: tuple[tuple[str, str], ...]
    still_wrong: bool
    ended: str
    place: str


def replay_file(tree: KernelTree, file: Path, cache: Cache) -> Replay:
    """Play the scenario in ``file`` on ``tree``.

    Raises InputError where the file holds none that can be played, or this machine cannot build for its word size.
    """
    stored = load(file)
    if stored.arch not in ARCHS:
        raise InputError(f"{file}: {stored.arch!r} is no architecture of ours", f"it can be {' or '.join(ARCHS)}")
    why = toolchain.missing(ARCHS[stored.arch])
    if why:
        raise InputError(f"{file} cannot be replayed", why)
    selfcheck.check(stored.arch, cache)
    try:
        program = build(tree, stored.arch, cache)
    except toolchain.CompilerError as error:
        raise InputError(f"the code of {tree.where} does not compile", str(error)) from error
    try:
        with Runner(program) as runner:
            return _replay(runner, stored)
    except RunError as error:
        raise InputError(f"the code of {tree.where} cannot be run", str(error)) from error


def _replay(runner: Runner, stored: Stored) -> Replay:
    example = stored.counterexample
    scenario = example.scenario
    outcome = runner.play(scenario)
    if outcome.why == Why.BAD_SCENARIO:
        raise InputError("the scenario cannot be played: its machine or one of its steps is impossible")
    steps = []
    for number, step in enumerate(scenario.steps):
        answer = outcome.answers[number] if number < len(outcome.answers) else "-"
        steps.append((_call(step), _answer(answer)))
    wrong = Mismatch(scenario, example.step if outcome.done else outcome.at, "", "", outcome, example.pfn)
    return Replay(
        stored, tuple(steps), _still(example, outcome), "" if outcome.done else ending(outcome), place(runner, wrong)
    )


def _still(example: Counterexample, outcome: Outcome) -> bool:
    if example.step >= len(outcome.answers):
        return True
    answer = outcome.answers[example.step]
    if example.pfn >= 0 and isinstance(answer, tuple):
        for run in answer:
            if isinstance(run, Run) and run.start <= example.pfn < run.start + run.length:
                return run.value(example.pfn) not in example.accepts
            if isinstance(run, Unreachable):
                return True
    if example.accepts:
        return answer not in example.accepts
    return not outcome.done or _answer(answer) == example.found


def _call(step: AnyStep) -> str:
    name, *rest = msgspec.to_builtins(step)
    return f"{name}({', '.join(shown(each) if isinstance(each, int) else str(each) for each in rest)})"


def _answer(answer: object) -> str:
    if answer is None:
        return ""
    if isinstance(answer, tuple) and answer and isinstance(answer[0], Run | Unreachable):
        parts = [
            f"PFN {run.start:#x}+{run.length:#x}: {run.first:#x}{'…' if run.step else ''}"
            if isinstance(run, Run) else f"PFN {run.pfn:#x}: no way, MFN {run.mfn:#x} at level {run.level}"
            for run in answer
        ]  # fmt: skip
        return "; ".join(parts)
    return shown(answer)
