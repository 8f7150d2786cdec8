"""Playing scenarios: the program runs on its own, without privileges; a scenario answers, or ends it, or both."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import msgspec

from patcher import sandbox
from patcher.errors import InputError
from patcher.prove.build import Program
from patcher.prove.objects import segments
from patcher.prove.protocol import BACKTRACE, CALLS, FACTS, HEADER, MOST_IN, MOST_OUT, Why
from patcher.prove.scenario import Machine, Scenario, Step, words

_LOOP_SECONDS = 4  # of the processor's, for a scenario: then it is in an endless loop
_STEP_SECONDS = 60  # where each instruction is watched
_START_SECONDS = 60  # of the clock, for what takes no time
_ADDRESS_SPACE = 8 * 2**30  # the launcher takes the most of it from itself
_BEFORE = 3  # operations before the first step: the machine, its map, the jumps
_NOT_DONE = 2**64 - 1  # the length of what an operation says that was not done
_SAID = frozenset(why.value for why in Why) - {Why.KILLED, Why.TIME}  # by the shim itself


class _Gone(Exception):
    """The launcher ended, or does not answer."""


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
    turns: int
    place: int
    changed: int
    messages: int


class Rival(NamedTuple):
    """Whether a rival came, what its call answered, and the instruction before it, or 0 where that is not told."""

    came: bool
    answer: int
    place: int


class Raced(NamedTuple):
    """What a race came to.

    Attributes:
        answer: of the call that was disturbed
        points: at which a rival could come, as long as one was waited for
        rivals: those who were to come
        data: whether one wrote to the code's own data
        written: addresses of the pages that the last one wrote to; None where there are too many
        trace: where the last one did not come, the accesses before each point: a page, and whether it was written
    """

    answer: int
    points: int
    rivals: tuple[Rival, ...]
    data: bool
    written: frozenset[int] | None
    trace: tuple[tuple[int, bool], ...]


class High(NamedTuple):
    """What is gone of the kernel's high map: of the image, up to the end of the brk that was taken, in PMDs; of the
    builder's list, in pages; whether the start info is; and ``left``: PMDs between the brk and _end that are mapped."""

    image: int
    list: int
    info: int
    left: int


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


class RunError(Exception):
    """The program says nothing that makes sense from its start on: what, in words."""


class Runner:
    """A program that plays scenarios. Use as a context manager: at its end nothing of it is left.

    It runs as the launcher maps it, in a process without descriptors for each scenario; the launcher itself is in
    bubblewrap's sandbox where there is one. ``confined`` says so in words.

    Raises InputError where this machine cannot confine it, RunError where it does not even tell its constants.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.bits = program.bits
        self.per_page = 4096 * 8 // program.bits
        self.limit = self.per_page**3
        self.brk_pages = sum(-(-size // 4096) for size in program.brk.values())
        self.played = self.points = 0
        written = [each for each in segments(program.binary, program.bits)[0] if each.flags & 2]
        self._data = (min(each.address for each in written), max(each.address + each.size for each in written))
        without = sandbox.available()
        self.confined = "seccomp in bubblewrap" if without is None else f"seccomp, no bubblewrap ({without})"
        self._stack = contextlib.ExitStack()
        self._running = contextlib.ExitStack()
        self._launcher: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Runner:
        self._launcher = self._stack.enter_context(self.program.on_disk())
        try:
            self._start()
            self.facts = self._facts()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()
        self._stack.close()

    def _start(self) -> None:
        assert self._launcher is not None
        self._process = self._running.enter_context(_started(self._launcher))
        try:
            self._send(_program(self.program))
            what, number = self._receive(2, _START_SECONDS)
        except (_Gone, BrokenPipeError) as error:
            raise InputError(
                "the launcher of proofs does not start here", "a program of its word size has to run in the sandbox"
            ) from error
        if what == 7:
            raise InputError(f"this kernel refuses seccomp ({os.strerror(number)})", "prove runs no code without it")
        if what:
            raise InputError(f"the launcher cannot map the program (step {what}, {number})")

    def _end(self) -> None:
        self._running.close()
        self._process = None

    def _facts(self) -> Facts:
        machine = Machine(64, True, ((64, 0x1000, 1),), heap=8)
        outcome = self.play(Scenario(machine, (("facts",),)))
        if not outcome.done:
            raise RunError(f"the code does not even tell its constants ({outcome.why.name.lower()})")
        facts: Facts = outcome.answers[0]
        values = facts.values
        if values["bits"] != self.bits or values["max_domain_pages"] > self.limit or values["mask_shift"] > 64:
            raise RunError("the constants of the code make no sense")
        if values["isa_start"] > values["isa_end"] or values["isa_end"] > 2**32:
            raise RunError("the ISA range of the code makes no sense")
        return facts

    def play(self, scenario: Scenario) -> Outcome:
        """Play one scenario, from a fresh start. Raises InputError where it is too long for that."""
        self.played += 1
        sent = words(scenario, self.bits, self.brk_pages, self.program.jumps, self._data)
        if len(sent) >= MOST_IN:
            raise InputError(f"a scenario is too long: it has {len(sent)} numbers", f"{MOST_IN - 1} is the most")
        nonce = int.from_bytes(os.urandom(8), "little")
        seconds = _STEP_SECONDS if any(step[0] == "watch" for step in scenario.steps) else _LOOP_SECONDS
        request = array("Q", [nonce, seconds, len(sent), *sent]).tobytes()
        for _ in range(2):  # nothing that is played can end the launcher: somebody else did, perhaps for want of memory
            try:
                if self._process is None:
                    self._start()
                return _outcome(scenario, *self._ask(request, 60 + 5 * seconds), nonce)
            except (_Gone, BrokenPipeError):
                self._end()
        raise InputError("the launcher of proofs was ended from outside, twice", "is there enough memory?")

    def _ask(self, request: bytes, seconds: float) -> tuple[array[int], array[int]]:
        self._send(request)
        header = self._receive(HEADER, seconds)
        count = self._receive(1, _START_SECONDS)[0]
        if count > MOST_OUT:
            raise _Gone
        return header, self._receive(count, _START_SECONDS)

    def _send(self, data: bytes) -> None:
        assert self._process is not None and self._process.stdin is not None
        left = memoryview(data)
        while left:
            left = left[os.write(self._process.stdin.fileno(), left) :]

    def _receive(self, count: int, seconds: float) -> array[int]:
        """So many words. Raises _Gone where they do not come in this time."""
        assert self._process is not None and self._process.stdout is not None
        parts, missing, until = [], 8 * count, time.monotonic() + seconds
        while missing:
            ready, _, _ = select.select([self._process.stdout], [], [], max(0, until - time.monotonic()))
            more = os.read(self._process.stdout.fileno(), missing) if ready else b""
            if not more:
                raise _Gone
            parts.append(more)
            missing -= len(more)
        found = array("Q")
        found.frombytes(b"".join(parts))
        return found


@contextlib.contextmanager
def _started(launcher: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The launcher, in bubblewrap's sandbox where there is one; all of it is killed at the end."""
    if sandbox.available() is None:
        with sandbox.opened([str(launcher)], read=[launcher.parent], memory_bytes=_ADDRESS_SPACE) as process:
            yield process
        return
    with subprocess.Popen(
        [str(launcher)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/",
        bufsize=0, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _program(program: Program) -> bytes:
    """What the launcher is told at its start: where to enter, what to map where, and the contents."""
    parts, entry = segments(program.binary, program.bits)
    head = [entry, len(parts)]
    for part in parts:
        protection = bool(part.flags & 4) | bool(part.flags & 2) << 1 | bool(part.flags & 1) << 2
        head += [part.address, part.size, len(part.content), protection]
    return array("Q", head).tobytes() + b"".join(part.content for part in parts)


def _outcome(scenario: Scenario, header: array[int], said: array[int], nonce: int) -> Outcome:
    """What came back, if it can be what the shim says: else the code broke the run. The launcher's own words, that a
    scenario was killed or took too long, have no seal."""
    why, first, second, third, operation, warnings, _, count = header[:8]
    at = min(max(0, operation - 1 - _BEFORE), len(scenario.steps))
    broken = Outcome(Why.BROKEN, at, (why, 0, 0), (), 0, ())
    if why in (Why.KILLED, Why.TIME):
        return Outcome(Why(why), min(_begun(said), len(scenario.steps)), (first, 0, 0), (), 0, ())
    if header[-1] != (nonce + sum(header[:-1]) + sum(said)) % 2**64:
        return broken
    if count > BACKTRACE or why not in _SAID or operation > len(scenario.steps) + _BEFORE:
        return broken
    try:
        answers = _answers(scenario, said, operation, why == Why.DONE)
    except ValueError:
        return broken
    return Outcome(Why(why), at, (first, second, third), tuple(header[8 : 8 + count]), warnings, answers)


def _begun(said: array[int]) -> int:
    """The step that was begun last, as far as these words can be believed."""
    place = number = 0
    while place + 1 < len(said):
        number = said[place]
        place += 2 + said[place + 1]
    return max(0, number - 1 - _BEFORE)


def _answers(scenario: Scenario, said: array[int], operation: int, done: bool) -> tuple[Any, ...]:
    """The answer of each step that came to its end. Raises ValueError where the words are not what
    these steps say: each operation says its number, how many words follow, and those."""
    found: list[Any] = []
    place = 0
    for number in range(1, operation + 1):
        name, length = said[place : place + 2]
        if name != number:
            raise ValueError(number)
        if length == _NOT_DONE and not done and number == operation:
            return tuple(found)
        part = said[place + 2 : place + 2 + length]
        if len(part) != length:
            raise ValueError(number)
        place += 2 + length
        if number > _BEFORE:
            left = iter(part)
            found.append(_answer(scenario.steps[number - 1 - _BEFORE], left))
            if next(left, None) is not None:
                raise ValueError(number)
        elif part:
            raise ValueError(number)
    if place != len(said) or (done and len(found) != len(scenario.steps)):
        raise ValueError(operation)
    return tuple(found)


def _word(said: Iterator[int]) -> int:
    """The next word. Raises ValueError where there is none: a StopIteration would end whatever generator it is in."""
    word = next(said, None)
    if word is None:
        raise ValueError("an answer is too short")
    return word


def _answer(step: Step, said: Iterator[int]) -> Any:
    name, *rest = step
    if name in CALLS:
        return _word(said)
    if name == "race":
        return _raced(1 + len(rest[4:]) // 2, said)
    if name in ("scan", "view", "owners"):
        return _runs(int(rest[0]), int(rest[1]), said)
    if name == "resume":
        first = _word(said)
        return None if first == 0 else _unreachable(first - 1, said)
    if name == "facts":
        values = [_word(said) for _ in FACTS]
        there = [_word(said) for _ in CALLS]
        return Facts(
            dict(zip(FACTS, values, strict=True)), frozenset(call for call, on in zip(CALLS, there, strict=True) if on)
        )
    if name == "diff":
        return _word(said), _word(said)
    if name == "peek":
        return tuple(_word(said) for _ in range(int(rest[1])))
    if name in ("limit", "lost"):
        return _word(said)
    if name == "high":
        return High(*(_word(said) for _ in High._fields))
    if name == "stats":
        return Stats(*(_word(said) for _ in Stats._fields))
    return None


def _runs(start: int, end: int, said: Iterator[int]) -> tuple[Run | Unreachable, ...]:
    """Runs that cover [start, end) from its first to its last, or to one that cannot be reached."""
    found: list[Run | Unreachable] = []
    while True:
        count = _word(said)
        if count == 0:
            if start < end and not (found and isinstance(found[-1], Unreachable)):
                raise ValueError(start)
            return tuple(found)
        if count == 2**64 - 1:
            found.append(_unreachable(_word(said), said))
            continue
        if count > end - start:
            raise ValueError(start)
        found.append(Run(start, count, _word(said), _word(said)))
        start += count


def _unreachable(pfn: int, said: Iterator[int]) -> Unreachable:
    level = _word(said)
    if not 1 <= level <= 4:
        raise ValueError(level)
    return Unreachable(pfn, level, _word(said))


def _raced(count: int, said: Iterator[int]) -> Raced:
    answer, points = _word(said), _word(said)
    rivals = tuple(Rival(bool(_word(said)), _word(said), _word(said)) for _ in range(count))
    data, pages = bool(_word(said)), _word(said)
    written = None if pages == 2**64 - 1 else frozenset(_word(said) for _ in range(pages))
    trace = tuple(_word(said) for _ in range(_word(said)))
    return Raced(answer, points, rivals, data, written, tuple((each & ~1, bool(each & 1)) for each in trace))
