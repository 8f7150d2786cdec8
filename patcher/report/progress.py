"""Progress on a terminal: one line on standard error, for work of more than a third of a second.

A process of its own draws it, so that time goes on there whatever keeps us busy, and no thread of ours stands in the
way of those that fork. It looks at what is told in memory that it shares with us.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import struct
import sys
import time
from typing import NoReturn

from patcher.report.fold import WIDTH
from patcher.report.pace import Pace

_DELAY = 0.15  # seconds, after the fifth of one that it takes to start
_EVERY = 0.1  # seconds between two looks
_HEAD = struct.Struct("=IQQH")  # how often it was told, done, total, bytes of the text
_MOST = 200  # bytes of the text
_ERASE = b"\r\x1b[K"
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)


class Bar:
    """Called as ``bar(what, done, total)``, from any thread; ``total`` is 0 where it is not known (yet).

    ``what`` is what is done first. ``close()`` takes the line away, and returns when it is gone.
    """

    def __init__(self, what: str) -> None:
        self._told, self._closed = 0, False
        self._shared = mmap.mmap(-1, _HEAD.size + _MOST)
        self(what, 0, 0)
        parent = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # the painter waits for them
        try:
            self._painter = os.fork()
            if not self._painter:
                _paint(self._shared, parent)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def __call__(self, what: str, done: int, total: int) -> None:
        self._told += 1
        text = what.encode("utf-8", "backslashreplace")[:_MOST]
        told = _HEAD.pack(self._told & 0xFFFFFFFF, max(done, 0), max(total, 0), len(text)) + text
        self._shared[: len(told)] = told

    def close(self) -> None:
        """Take the line away, if it is there."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._painter, signal.SIGUSR1)
            os.waitpid(self._painter, 0)


def _paint(shared: mmap.mmap, parent: int) -> NoReturn:
    """Draw until one of the signals comes, which are blocked, or ``parent`` is no more."""
    drawn = False
    try:
        _keep_none()
        ending = [each for each in _ENDING if signal.getsignal(each) != signal.SIG_IGN]
        begin, pace = time.monotonic() + _DELAY, Pace()
        while not signal.sigtimedwait(ending, _EVERY) and os.getppid() == parent:
            if time.monotonic() < begin or not _in_foreground():
                continue
            what, done, total = _told(shared)
            drawn = True
            wide = os.get_terminal_size(2).columns or WIDTH  # some terminals do not know
            line = pace.line(time.monotonic(), what, done, total, wide - 1)
            os.write(2, b"\r" + line.encode(sys.stderr.encoding or "utf-8", "backslashreplace") + b"\x1b[K")
    except OSError:  # the terminal is gone
        pass
    finally:
        with contextlib.suppress(OSError):
            if drawn:
                os.write(2, _ERASE)
        os._exit(0)


def _keep_none() -> None:
    """Nobody is to wait for us at the other end of what was open."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def _in_foreground() -> bool:
    """Whether the terminal is ours to draw on: of a shell's background job it is not."""
    try:
        return os.tcgetpgrp(2) == os.getpgrp()
    except OSError:
        return True  # not our controlling terminal, so nobody else's job


def _told(shared: mmap.mmap) -> tuple[str, int, int]:
    while True:
        first, done, total, length = _HEAD.unpack(shared[: _HEAD.size])
        text = shared[_HEAD.size : _HEAD.size + length]
        if first == _HEAD.unpack(shared[: _HEAD.size])[0]:  # else it was told anew meanwhile
            return text.decode("utf-8", "replace"), done, total
