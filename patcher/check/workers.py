"""The threads of a check, and what they tell of their progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any, TypeVar

from patcher.check.runner import Runner
from patcher.processes import end_children

Progress = Callable[[str, int, int], None]
Made = TypeVar("Made")


class Workers:
    """Threads that run programs, as a context manager: left by an exception, it ends all that is under way, also what a
    thread begins just then; by an interrupt, every git and cp, too, as the process is to end."""

    def __init__(self, jobs: int, runner: Runner) -> None:
        self._pool = ThreadPoolExecutor(jobs)
        self._runner = runner
        self._counting = threading.Lock()
        self._at_work = 0
        self._ended = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._pool.shutdown()
            return
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._ended = True
        while True:
            self._runner.end()
            if not issubclass(kind, Exception):
                end_children()
            with self._counting:
                if not self._at_work:
                    return
            time.sleep(0.02)

    def each(self, work: Callable[..., Made], *arguments: Iterable[Any]) -> list[Made]:
        """What ``work`` returns for the arguments, as of ``map``."""

        def counted(*values: Any) -> Made:
            with self._counting:
                if self._ended:
                    raise CancelledError
                self._at_work += 1
            try:
                return work(*values)
            finally:
                with self._counting:
                    self._at_work -= 1

        return [future.result() for future in [self._pool.submit(counted, *each) for each in zip(*arguments)]]  # noqa: B905


class Meter:
    """Counts objects in all threads. ``commits`` is their number, ``total`` that of the objects once it is known."""

    def __init__(self, progress: Progress | None, commits: int) -> None:
        self._progress, self._commits = progress, commits
        self._lock = threading.Lock()
        self._done = 0
        self.total = 0

    def add(self, count: int) -> None:
        """So many objects are done."""
        with self._lock:
            self._done += count

    def say(self, commit: int, what: str) -> None:
        """Tell what is begun, of the commit of that number."""
        if self._progress:
            with self._lock:
                self._progress(f"commit {commit}/{self._commits} {what}", self._done, self.total)
