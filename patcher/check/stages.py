"""What was run of a series, and how long each took."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import NamedTuple


class Stage(NamedTuple):
    """What was run, and the seconds it took."""

    name: str
    seconds: float


class Stages:
    """Stages that were run, as they end. ``done``: in that order."""

    def __init__(self) -> None:
        self.done: list[Stage] = []

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Take the time of a stage. One that fails is none."""
        start = time.monotonic()
        yield
        self.done.append(Stage(name, time.monotonic() - start))
