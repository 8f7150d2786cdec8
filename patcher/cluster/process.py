"""The processes of a worker that do its units, as the worker sees them: one for each unit that is under way."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from patcher.cluster import frames
from patcher.cluster.frames import Do, Failed, Made, Wants
from patcher.units import Unit

_TICK = 0.5  # seconds after which it is asked whether a unit is still wanted
_GRACE = 1.0  # seconds for a process to clean up


class Died(Exception):
    """The process of a unit ended before the unit was done."""


class NotWanted(Exception):
    """Nobody waits for the unit any more."""


class Process:
    """A process that does one unit at a time. It ends when this process, or the thread that made it, does."""

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-m", "patcher.cluster.serve", str(os.getpid())]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, bufsize=0
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin.fileno(), self._process.stdout.fileno()

    def do(self, unit: Unit, bring: Callable[[Wants], frames.Frame], wanted: Callable[[], bool]) -> Made | Failed:
        """How a unit came out. ``bring`` gets what the process lacks. Raises Died, and NotWanted once it is not."""

        def tick() -> None:
            if not wanted():
                raise NotWanted

        try:
            frames.send(self._stdin, Do(unit))
            while True:
                heard = frames.receive(self._stdout, tick, _TICK)
                if isinstance(heard, Made | Failed):
                    return heard
                assert isinstance(heard, Wants)
                frames.send(self._stdin, bring(heard))
        except frames.Ended:
            self._tell_death()

    def _tell_death(self) -> NoReturn:
        status = self.end()
        by = f"by signal {-status}" if status < 0 else f"with status {status}"
        raise Died(f"the process that did it was ended {by}")

    def end(self) -> int:
        """End it with all that it has started; its status."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            status = self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            status = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        return status


class Processes:
    """Those of a worker: one for each thread, as it dies with the thread that made it."""

    def __init__(self) -> None:
        self._own = threading.local()

    def do(self, unit: Unit, bring: Callable[[Wants], frames.Frame], wanted: Callable[[], bool]) -> Made | Failed:
        """See ``Process.do``. A process in which a unit did not come to its end is not used again."""
        process: Process | None = getattr(self._own, "process", None)
        self._own.process = None
        process = process or Process()
        try:
            done = process.do(unit, bring, wanted)
        except Died:
            raise
        except BaseException:
            process.end()
            raise
        self._own.process = process
        return done
