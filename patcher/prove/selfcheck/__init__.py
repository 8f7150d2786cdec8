"""The prover proves itself before it judges: code whose faults are known goes through the same link and the same run.

A compiler, a kernel or a machine with which stepping, the fences around pages, the limits or the answers do not work
would make each verdict worthless; so nothing is said of a tree then.
"""

from __future__ import annotations

import functools
import platform
from collections.abc import Iterator
from pathlib import Path

import msgspec

from patcher import temporary
from patcher.cache import Cache
from patcher.errors import MachineError
from patcher.prove import answers, toolchain
from patcher.prove.answers import Run
from patcher.prove.build import ARCHS, build_alone
from patcher.prove.link import shim_key
from patcher.prove.outcome import Outcome
from patcher.prove.program import Program
from patcher.prove.protocol import Point, Why
from patcher.prove.run import RunError, Runner
from patcher.prove.scenario import Machine, Scenario
from patcher.prove.steps import AnyStep, Asked, Booted, Fail, Get, Limit, Race, Scan, Set, Stats

KNOWN = Path(__file__).parent / "known.c"
_MACHINE = Machine(512, True, ((512, 0x1000, 1),), heap=8)
_NAMES = ("wild", "endless", "bug", "into_shim", "into_answers", "into_input", "calls_kernel", "wrong", "loses",
          "keeps", "allocates", "takes_early", "frees_twice", "frees_strange", "locks_twice", "warns",
          "traps", "loops")  # fmt: skip
_PFN = {name: 5000 + number for number, name in enumerate(_NAMES)}  # of known.c
_ILLEGAL, _TRAP, _SEGV, _PROF = 4, 5, 11, 27  # signals
_LOOKUPS: tuple[tuple[str, Why, int | None], ...] = (  # which, how it must end, with what number
    ("wild", Why.SIGNAL, _SEGV),
    ("bug", Why.SIGNAL, _ILLEGAL),
    ("traps", Why.SIGNAL, _TRAP),
    ("into_shim", Why.SIGNAL, _SEGV),
    ("into_answers", Why.SIGNAL, _SEGV),
    ("into_input", Why.SIGNAL, _SEGV),
    ("calls_kernel", Why.SYSTEM_CALL, None),
)
_UPDATES: tuple[tuple[str, Why, int | None], ...] = (
    ("takes_early", Why.BRK_LATE, None),
    ("frees_twice", Why.SIGNAL, _SEGV),
    ("frees_strange", Why.BAD_FREE, None),
    ("locks_twice", Why.DEADLOCK, None),
)
_STATS = Asked[answers.Stats](-1, Stats())  # where it is the last step
_POINTS = 20  # accesses of an update of known.c, and more
_TURNS = 100  # that a loop of known.c is told to take


@functools.cache
def _checked() -> set[tuple[str, bytes]]:
    return set()


def check(arch: str, cache: Cache) -> None:
    """Try the prover for ``x86_64`` or ``i386``, once a process. The program is kept by content.

    Raises MachineError where code whose faults are known is judged wrongly.
    """
    try:
        program = _program(ARCHS[arch], cache)
    except toolchain.CompilerError as error:
        raise MachineError(f"the prover does not work here ({arch}): its own code is not built ({error})") from error
    key = (arch, program.launcher)
    if key in _checked():
        return
    try:
        with Runner(program) as runner:
            problem = next(problems(runner), "")
    except RunError as error:
        problem = str(error)
    if problem:
        raise MachineError(f"the prover does not work here ({arch}): {problem}")
    _checked().add(key)


def _program(bits: int, cache: Cache) -> Program:
    key = f"prove-known:{shim_key()}:{bits}:{toolchain.identity()}:{platform.release()}"
    stored = cache.get(key)
    if stored is not None:
        return msgspec.msgpack.decode(stored, type=Program)
    with temporary.directory("prove") as place:
        program = build_alone(KNOWN, bits, place, cache)
    cache.put(key, msgspec.msgpack.encode(program))
    return program


def problems(runner: Runner) -> Iterator[str]:
    """What is judged otherwise than it must be."""
    yield from _good(runner)
    lookups = ((Get(_PFN[name]), name, why, number) for name, why, number in _LOOKUPS)
    updates = ((Set(_PFN[name], 0), name, why, number) for name, why, number in _UPDATES)
    for call, name, why, number in (*lookups, *updates):
        outcome = _play(runner, Booted(), call)
        if outcome.why is not why or outcome.at != 1 or (number is not None and outcome.numbers[0] != number):
            yield f"{name}: not {why.name.lower()} ({number}), but {_words(outcome)}"
    yield from _bounds(runner)
    yield from _races(runner)


def _good(runner: Runner) -> Iterator[str]:
    outcome = _play(runner, Booted(), Get(3), Set(3, 9), Scan(0, 5), Get(_PFN["wrong"]), Stats())
    wanted = (None, 0x1003, 1, (Run(0, 3, 0x1000, 1), Run(3, 1, 9, 0), Run(4, 1, 0x1004, 0)), 0x1006)
    if not outcome.done or outcome.answers[:-1] != wanted:
        yield f"plain lookups: not {wanted}, but {_words(outcome)}"
    warned = _play(runner, Get(_PFN["warns"]), Stats())
    if not warned.done or warned.warnings != 1 or warned.of(_STATS).messages != 1:
        yield f"a warning is not told, but {_words(warned)}"
    fails = _play(runner, Booted(), Fail(1, 1), Set(_PFN["allocates"], 6), Set(_PFN["allocates"], 6),
                  Get(_PFN["allocates"]), Stats())  # fmt: skip
    if not fails.done or fails.answers[2:5] != (0, 1, 6) or fails.of(_STATS).late != 1:
        yield f"an allocation that is to fail: {_words(fails)}"


def _bounds(runner: Runner) -> Iterator[str]:
    loops, endless = Set(_PFN["loops"], _TURNS), Get(_PFN["endless"])
    for name, call, limit in (("loops", loops, 3), ("endless", endless, 1000)):
        bounded = _play(runner, Booted(), Limit(limit), call)
        if (bounded.why, bounded.numbers[0], bounded.at) != (Why.SIGNAL, _PROF, 2):
            yield f"{name}: not ended after {limit} turns, but {_words(bounded)}"
    early = _play(runner, Set(_PFN["takes_early"], 0))
    if early.why is not Why.BRK_FULL or early.numbers[:2] != (runner.brk_pages + 1, runner.brk_pages):
        yield f"more early pages than there are: {_words(early)}"
    counted = _play(runner, Booted(), Limit(1 << 40), Set(_PFN["loops"], _TURNS), Stats())
    if not counted.done or counted.answers[-2] != 1 or abs(counted.of(_STATS).turns - _TURNS) > 2:
        yield f"the turns of a loop: {_words(counted)}"


def _races(runner: Runner) -> Iterator[str]:
    """An update in two halves loses a rival's behind some access, and not behind others; a locked one never does."""
    for name, wanted in (("loses", {1, 2}), ("keeps", {2})):
        pfn, seen = _PFN[name], set()
        for point in range(1, _POINTS):
            race = Race(Point.ACCESS_DATA, point, Set(pfn, 0), Set(pfn, 0))
            count = Asked[int](1, Get(pfn))
            outcome = _play(runner, race, count.step)
            if not outcome.done:
                yield f"a rival behind each access of {name}: {_words(outcome)}"
                return
            if not outcome.of(Asked[answers.Raced](0, race)).rivals[0].came:
                break
            seen.add(outcome.of(count))
        if seen != wanted:
            yield f"a rival behind each access of {name}: counts {sorted(seen)} instead of {sorted(wanted)}"
    race = Race(Point.ALLOC, 1, Set(5, 6), Set(_PFN["allocates"], 4))
    outcome = _play(runner, Booted(), race, Get(5))
    if not _came(outcome, Asked(1, race)) or outcome.answers[2] != 6:
        yield f"a rival in an allocation: {_words(outcome)}"


def _came(outcome: Outcome, race: Asked[answers.Raced]) -> bool:
    """Whether the scenario came to its end, and in this step of it a rival came, and both said yes."""
    if not outcome.done:
        return False
    raced = outcome.of(race)
    return raced.answer == 1 and raced.rivals[0].came and raced.rivals[0].answer == 1


def _play(runner: Runner, *steps: AnyStep) -> Outcome:
    return runner.play(Scenario(_MACHINE, steps))


def _words(outcome: Outcome) -> str:
    return f"{outcome.why.name.lower()} {outcome.numbers} at {outcome.at}, {outcome.answers}"[:300]
