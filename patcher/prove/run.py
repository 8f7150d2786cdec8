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

from patcher import sandbox
from patcher.errors import InputError
from patcher.prove import steps
from patcher.prove.answers import Facts
from patcher.prove.objects import segments
from patcher.prove.outcome import Outcome, read
from patcher.prove.program import Program
from patcher.prove.protocol import HEADER, MOST_IN, MOST_OUT
from patcher.prove.scenario import Machine, Scenario, words

_LOOP_SECONDS = 4  # of the processor's, for a scenario: then it is in an endless loop
_STEP_SECONDS = 60  # where each instruction is watched
_START_SECONDS = 60  # of the clock, for what takes no time
_ADDRESS_SPACE = 8 * 2**30  # the launcher takes the most of it from itself


class _Gone(Exception):
    """The launcher ended, or does not answer."""


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
        asked = steps.Asked[Facts](0, steps.Facts())
        outcome = self.play(Scenario(machine, (asked.step,)))
        if not outcome.done:
            raise RunError(f"the code does not even tell its constants ({outcome.why.name.lower()})")
        facts = outcome.of(asked)
        values = facts.values
        if values["bits"] != self.bits or values["max_domain_pages"] > self.limit or values["mask_shift"] > 64:
            raise RunError("the constants of the code make no sense")
        if values["isa_start"] > values["isa_end"] or values["isa_end"] > 2**32:
            raise RunError("the ISA range of the code makes no sense")
        return facts

    def play(self, scenario: Scenario, *, counts: bool = True) -> Outcome:
        """Play one scenario, from a fresh start; ``played`` has it if it ``counts``. Raises InputError where it is too
        long for that."""
        self.played += counts
        sent = words(scenario, self.bits, self.brk_pages, self.program.jumps, self._data)
        if len(sent) >= MOST_IN:
            raise InputError(f"a scenario is too long: it has {len(sent)} numbers", f"{MOST_IN - 1} is the most")
        nonce = int.from_bytes(os.urandom(8), "little")
        seconds = _STEP_SECONDS if any(isinstance(step, steps.Watch) for step in scenario.steps) else _LOOP_SECONDS
        request = array("Q", [nonce, seconds, len(sent), *sent]).tobytes()
        for _ in range(2):  # nothing that is played can end the launcher: somebody else did, perhaps for want of memory
            try:
                if self._process is None:
                    self._start()
                return read(scenario, *self._ask(request, 60 + 5 * seconds), nonce)
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
