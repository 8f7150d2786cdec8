"""A progress bar on standard error: only on a terminal, and only for work of more than a second."""

from __future__ import annotations

import sys
import time
from typing import Any


class Bar:
    """Called as ``bar(what, done, total)``; draws nothing in the first second."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._bar is None:
            if time.monotonic() - self._start < 1:
                return
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(file=sys.stderr), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(what, total=total)
        self._bar.update(self._task, description=what, completed=done, total=total)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def wanted(quiet: bool) -> bool:
    """Whether a bar may be drawn at all."""
    return not quiet and sys.stderr is not None and sys.stderr.isatty()
