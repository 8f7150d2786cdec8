"""What playing a scenario came to, as far as the words that came back can be believed."""

from __future__ import annotations

from array import array
from typing import NamedTuple, TypeVar, cast

from patcher.prove.protocol import BACKTRACE, Why
from patcher.prove.scenario import BEFORE, Scenario
from patcher.prove.steps import Asked

A = TypeVar("A")
_NOT_DONE = 2**64 - 1  # the length of what an operation says that was not done
_SIGNALS = {4: "BUG()", 5: "a breakpoint", 7: "a bus error", 8: "an arithmetic fault", 11: "a wild access",
            27: "an endless loop"}  # fmt: skip
_BY_THE_SHIM = frozenset(Why) - {Why.KILLED, Why.TIME}


class Outcome(NamedTuple):
    """How a scenario ended, and an answer for each step that was played (None where it has none).

    ``at`` is the index of the step it ended in; ``lines`` are instruction addresses, the innermost first.
    """

    why: Why
    at: int
    numbers: tuple[int, int, int]
    lines: tuple[int, ...]
    warnings: int
    answers: tuple[object, ...]

    @property
    def done(self) -> bool:
        return self.why is Why.DONE

    def has(self, asked: Asked[object]) -> bool:
        """Whether the scenario came to the end of this step."""
        return asked.index < len(self.answers)

    def of(self, asked: Asked[A]) -> A:
        """The answer of a step, which ``read`` has read as that step's. Raises IndexError where it ``has`` none."""
        return cast("A", self.answers[asked.index])


def ending(outcome: Outcome) -> str:
    """How a scenario ended that was not to end."""
    first, second, third = outcome.numbers
    match outcome.why:
        case Why.SIGNAL:
            name = _SIGNALS.get(first, f"signal {first}")
            return f"{name} at address {third:#x}" if first == 11 else name
        case Why.BRK_FULL:
            return f"extend_brk() for page {first}, but RESERVE_BRK() has {second}"
        case Why.BRK_LATE:
            return "extend_brk() after boot, which is a BUG()"
        case Why.ALLOC_EARLY:
            return "the page allocator was called before it is there"
        case Why.BAD_FREE:
            return f"a page is freed that was never allocated: {first:#x}"
        case Why.HYPERCALL:
            return f"hypercall {first} ({second:#x}), which is no part of this"
        case Why.PANIC:
            return "panic()"
        case Why.KILLED:
            return f"it was killed by signal {first}"
        case Why.SYSTEM_CALL:
            return f"it calls the kernel that it runs on (system call {first})"
        case Why.TIME:
            return f"it was not back after {first} seconds"
        case Why.BROKEN:
            return "the code broke the run: what came back is not what the shim says"
        case Why.DEADLOCK:
            return f"a lock is taken that is taken already ({second:#x})"
        case Why.UNLOCK:
            return f"a lock is given back that is not taken ({second:#x})"
        case Why.LOCKED:
            return "it comes back with a lock that it took"
        case _:
            return outcome.why.name.lower()


def read(scenario: Scenario, header: array[int], words: array[int], nonce: int) -> Outcome:
    """What came back, if it can be what the shim says: else the code broke the run. The launcher's own words, that a
    scenario was killed or took too long, have no seal."""
    why, first, second, third, operation, warnings, _, count = header[:8]
    at = min(max(0, operation - 1 - BEFORE), len(scenario.steps))
    broken = Outcome(Why.BROKEN, at, (why, 0, 0), (), 0, ())
    if why in (Why.KILLED, Why.TIME):
        return Outcome(Why(why), min(_begun(words), len(scenario.steps)), (first, 0, 0), (), 0, ())
    if header[-1] != (nonce + sum(header[:-1]) + sum(words)) % 2**64:
        return broken
    if count > BACKTRACE or why not in _BY_THE_SHIM or operation > len(scenario.steps) + BEFORE:
        return broken
    try:
        answers = _answers(scenario, words, operation, why == Why.DONE)
    except ValueError:
        return broken
    return Outcome(Why(why), at, (first, second, third), tuple(header[8 : 8 + count]), warnings, answers)


def _begun(words: array[int]) -> int:
    """The step that was begun last, as far as these words can be believed."""
    start = number = 0
    while start + 1 < len(words):
        number = words[start]
        start += 2 + words[start + 1]
    return max(0, number - 1 - BEFORE)


def _answers(scenario: Scenario, words: array[int], operation: int, done: bool) -> tuple[object, ...]:
    """The answer of each step that came to its end. Raises ValueError where the words are not what
    these steps say: each operation says its number, how many words follow, and those."""
    found: list[object] = []
    start = 0
    for number in range(1, operation + 1):
        step, length = words[start : start + 2]
        if step != number:
            raise ValueError(number)
        if length == _NOT_DONE and not done and number == operation:
            return tuple(found)
        part = words[start + 2 : start + 2 + length]
        if len(part) != length:
            raise ValueError(number)
        start += 2 + length
        left = iter(part)
        if number > BEFORE:
            found.append(scenario.steps[number - 1 - BEFORE].answer(left))
        if next(left, None) is not None:
            raise ValueError(number)
    if start != len(words) or (done and len(found) != len(scenario.steps)):
        raise ValueError(operation)
    return tuple(found)
