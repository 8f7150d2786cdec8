"""How this process ends before its time, and with it the programs that it has started."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GRACE = 0.7  # seconds to clean up
_PATIENCE = 0.2  # seconds for killed programs to be gone
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)


def end_on_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP end this process within a second.

    The first comes as KeyboardInterrupt or SystemExit (128 + its number), so that what is under way cleans up; others
    are ignored. What is not cleaned up after _GRACE seconds stays behind, for the next run to remove. A signal that was
    ignored when we were started (``nohup``, a shell's background job) stays so. For the main thread.
    """
    for each in _SIGNALS:
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, _begin_to_end)


def _begin_to_end(number: int, _: FrameType | None) -> None:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    until = time.monotonic() + _GRACE

    def end() -> None:
        signal.signal(signal.SIGALRM, lambda *_: _give_up(128 + number))
        signal.setitimer(signal.ITIMER_REAL, max(0.001, until - time.monotonic()))
        # Once all is cleaned up, Python takes its handlers away: the timer would then end us with a signal of its own.
        atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    def lost(what: sys.UnraisableHookArgs) -> None:
        """Raise it again a little later: it came in a __del__ or the like, where Python only tells of it."""
        if not isinstance(what.exc_value, KeyboardInterrupt | SystemExit):
            sys.__unraisablehook__(what)
            return
        signal.signal(signal.SIGALRM, lambda *_: end())
        signal.setitimer(signal.ITIMER_REAL, 0.005)

    sys.unraisablehook = lost
    end()


def _give_up(code: int) -> None:
    end_children()
    if code == 128 + signal.SIGINT:
        with contextlib.suppress(OSError):
            os.write(2, b"patcher: interrupted\n")
    os._exit(code)


def end_children() -> None:
    """Kill those programs that still run, such as a git whose answer was cut off, and what they started. For a process
    that is at its own end."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # a compiler that gcc has started becomes ours when gcc goes
    end = time.monotonic() + _PATIENCE
    while (alive := _children()) and time.monotonic() < end:
        for child in alive:
            with contextlib.suppress(OSError):
                os.kill(child, signal.SIGKILL)
        time.sleep(0.002)
    prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _children() -> list[int]:
    """Those that have not ended."""
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                with contextlib.suppress(OSError):
                    state = Path(f"/proc/{child}/stat").read_text().rpartition(") ")[2]
                    if not state.startswith(("Z", "X")):
                        found.append(int(child))
    return found
