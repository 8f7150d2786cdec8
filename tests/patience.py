"""For what must not be waited for: a bound that only those who wait for ever reach, however busy the machine is."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

SECONDS = 240


@contextlib.contextmanager
def not_stuck(seconds: int = SECONDS) -> Iterator[None]:
    """Raises AssertionError where the context is not left in time. For the main thread."""

    def stuck(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"it is stuck: {seconds} seconds have passed")

    before = signal.signal(signal.SIGALRM, stuck)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
