"""Playing scenarios: the program runs on its own, without privileges; a scenario answers, or ends it, or both."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from array import array
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import msgspec

from patcher.prove.build import Program
from patcher.prove.scenario import CALLS, Machine, Scenario, Step, words

_HEADER = 24
_SECONDS = 300  # of the clock, for one scenario: it is bounded to some seconds of the processor's, perhaps a busy one
_FACTS = ("bits", "invalid", "foreign_bit", "identity_bit", "max_domain_pages", "page_offset", "iomap", "present",
          "pfn_mask", "isa_start", "isa_end", "p2m_top", "p2m_missing", "p2m_mid_missing", "p2m_identity",
          "p2m_mid_identity", "p2m_top_mfn", "p2m_top_mfn_p", "max_p2m_pfn", "extra_start", "extra_size",
          "identity_mark", "foreign_mark", "mask_shift")  # fmt: skip


class _Gone(Exception):
    """The program ended, or does not answer."""


class Why(Enum):
    """How a scenario ended; the numbers are the driver's."""

    DONE = 1
    SIGNAL = 2
    BRK_FULL = 3
    BRK_LATE = 4
    ALLOC_EARLY = 5
    BAD_FREE = 6
    HYPERCALL = 7
    PANIC = 8
    NO_SYMBOL = 9
    BAD_SCENARIO = 10
    OUTPUT_FULL = 11
    KILLED = 12
    HEAP_FULL = 13


class Run(NamedTuple):
    """``length`` PFNs from ``start`` on with the values ``first``, ``first + step``, … (step 0 or 1)."""

    start: int
    length: int
    first: int
    step: int

    def value(self, pfn: int) -> int:
        return (self.first + (pfn - self.start) * self.step) % 2**64


class Unreachable(NamedTuple):
    """The toolstack's way to a PFN ends at ``level`` (1 top, 2 mid, 3 leaf): the MFN is no page of the domain's.

    Level 4: it leads to another leaf than the code itself uses.
    """

    pfn: int
    level: int
    mfn: int


class Stats(NamedTuple):
    """What a scenario has taken so far: pages, allocations, instructions stepped through; ``changed``: the number of
    the last step that changed the watched PFN's entry or leaf, from 1 as the driver counts them, or 0; ``place``: the
    address of the instruction that did, where that step was watched; ``messages``: calls of printk()."""

    early: int
    late: int
    freed: int
    allocations: int
    steps: int
    place: int
    changed: int
    messages: int


class Outcome(NamedTuple):
    """What a scenario said: an answer for each step that was played (None where it has none), and how it ended.

    ``at`` is the index of the step it ended in; ``lines`` are instruction addresses, the innermost first.
    """

    why: Why
    at: int
    numbers: tuple[int, int, int]
    lines: tuple[int, ...]
    warnings: int
    answers: tuple[Any, ...]

    @property
    def done(self) -> bool:
        return self.why is Why.DONE


class Facts(msgspec.Struct, frozen=True):
    """Constants of the tree, by name, and which calls there are."""

    values: dict[str, int]
    calls: frozenset[str]

    def __getitem__(self, name: str) -> int:
        return self.values[name]


class Runner:
    """A running program. Use as a context manager."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.bits = program.bits
        self.per_page = 4096 * 8 // program.bits
        self.limit = self.per_page**3
        self.brk_pages = sum(-(-size // 4096) for name, size in program.brk.items() if "p2m" in name)
        self.played = 0
        self._stack = contextlib.ExitStack()
        self._file: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Runner:
        self._file = self._stack.enter_context(self.program.on_disk())
        self._start()
        self.facts = self._facts()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()
        self._stack.close()

    def _start(self) -> None:
        assert self._file is not None
        self._process = subprocess.Popen(
            [str(self._file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={},
            cwd="/", bufsize=0,
        )  # fmt: skip
        self.locked = self._read(2)[0] == 0

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    pipe.close()
            self._process = None

    def _facts(self) -> Facts:
        machine = Machine(64, True, ((64, 0x1000, 1),), heap=8)
        answer = self.play(Scenario(machine, (("facts",),))).answers[0]
        assert isinstance(answer, Facts)
        return answer

    def play(self, scenario: Scenario) -> Outcome:
        """Play one scenario, from a fresh start."""
        self.played += 1
        assert self._process is not None and self._process.stdin is not None
        sent = words(scenario, self.bits, self.brk_pages, self.program.locked)
        try:
            self._process.stdin.write(array("Q", [len(sent), *sent]).tobytes())
            header = self._read(_HEADER)
            count = self._read(1)[0]
            said = self._read(count) if count else array("Q")
        except (_Gone, BrokenPipeError):  # the scenario took its parent with it, or stopped it: a result, too
            self._end()
            self._start()
            return Outcome(Why.KILLED, 0, (9, 0, 0), (), 0, ())
        lines = tuple(header[8 : 8 + header[7]])
        why = Why(header[0]) if header[0] else Why.KILLED
        # Three operations come before the first step: the machine, its map, the locked instructions.
        at = max(0, header[4] - 4)
        return Outcome(why, at, (header[1], header[2], header[3]), lines, header[5], _answers(scenario, said))

    def _read(self, count: int) -> array[int]:
        assert self._process is not None and self._process.stdout is not None
        data, wanted, until = b"", 8 * count, time.monotonic() + _SECONDS
        while len(data) < wanted:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0, until - time.monotonic()))
            more = os.read(self._process.stdout.fileno(), wanted - len(data)) if ready else b""
            if not more:
                raise _Gone
            data += more
        found = array("Q")
        found.frombytes(data)
        return found


def _answers(scenario: Scenario, said: array[int]) -> tuple[Any, ...]:
    words_left = iter(said)
    found: list[Any] = []
    for step in scenario.steps:
        try:
            answer = _answer(step, words_left)
        except StopIteration:  # the scenario ended in this step
            break
        found.append(answer)
    return tuple(found)


def _answer(step: Step, said: Iterator[int]) -> Any:
    name, *rest = step
    if name in CALLS:
        return next(said)
    if name == "race":
        return next(said), bool(next(said)), next(said)  # the call's answer, whether the rival came, its answer
    if name in ("scan", "view", "owners"):
        return _runs(int(rest[0]), said)
    if name == "resume":
        first = next(said)
        return None if first == 0 else Unreachable(first - 1, next(said), next(said))
    if name == "facts":
        values = [next(said) for _ in range(next(said))]
        there = [next(said) for _ in CALLS]
        return Facts(
            dict(zip(_FACTS, values, strict=True)), frozenset(call for call, on in zip(CALLS, there, strict=True) if on)
        )
    if name == "diff":
        return next(said), next(said)
    if name == "peek":
        return tuple(next(said) for _ in range(int(rest[1])))
    if name in ("limit", "lost"):
        return next(said)
    if name == "stats":
        return Stats(*(next(said) for _ in Stats._fields))
    return None


def _runs(start: int, said: Iterator[int]) -> tuple[Run | Unreachable, ...]:
    found: list[Run | Unreachable] = []
    while True:
        count = next(said)
        if count == 0:
            return tuple(found)
        if count == 2**64 - 1:
            found.append(Unreachable(next(said), next(said), next(said)))
            continue
        found.append(Run(start, count, next(said), next(said)))
        start += count
