"""The processes that do units, as who started them sees them: one for each unit that is under way."""

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
from patcher.cluster.frames import Do, Failed, Made, Wants, Why
from patcher.units import Unit

_TICK = 0.5  # seconds after which it is asked whether a unit is still wanted
_GRACE = 1.0  # seconds for a process to clean up


class Died(Exception):
    """The process of a unit ended before the unit was done."""


class NotWanted(Exception):
    """Nobody waits for the unit any more."""


class Process:
    """A process that does one unit at a time, in a ``repository`` where one is named. It ends when this process, or the
    thread that made it, does. It has a session of its own, so that Ctrl-C comes to us alone."""

    def __init__(self, *repository: str) -> None:
        command = [sys.executable, "-P", "-m", "patcher.cluster.serve", str(os.getpid()), *repository]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, bufsize=0
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin.fileno(), self._process.stdout.fileno()

    def fileno(self) -> int:
        """What can be read when it has something to say."""
        return self._stdout

    def begin(self, unit: Unit) -> Unit:
        """Have it do a unit. Where it has died, ``result`` says so."""
        with contextlib.suppress(frames.Ended):
            frames.send(self._stdin, Do(unit))
        return unit

    def result(self, bring: Callable[[Wants], frames.Frame], wanted: Callable[[], bool]) -> Made | Failed:
        """How its unit came out. ``bring`` gets what it lacks. Raises Died, and NotWanted once it is not."""

        def tick() -> None:
            if not wanted():
                raise NotWanted

        try:
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

    def terminate(self) -> None:
        """Tell it, and all that it has started, to end."""
        if self._process.returncode is None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGTERM)

    def end(self) -> int:
        """End it with all that it has started; its status."""
        self.terminate()
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
        """See ``Process.result``. A process in which a unit did not come to its end is not used again."""
        process: Process | None = getattr(self._own, "process", None)
        self._own.process = None
        process = process or Process()
        try:
            process.begin(unit)
            done = process.result(bring, wanted)
        except Died:
            raise
        except BaseException:
            process.end()
            raise
        if isinstance(done, Failed) and done.why is Why.FAULT:
            process.end()
        else:
            self._own.process = process
        return done
