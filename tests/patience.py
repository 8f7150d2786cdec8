"""How long tests wait, and for what: a bound that only those who wait for ever reach, however busy the machine is."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
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


def begun(group: int) -> list[str]:
    """The processes that run in a session, but for those that have ended."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = place.read_text().rpartition(") ")
        except OSError:
            continue
        fields = rest.split()
        if int(fields[3]) == group and fields[0] not in "ZX":
            found.append(name)
    return found


def wait_for_end(group: int) -> None:
    """Until no process of a session runs. Raises AssertionError where one does not end."""
    with not_stuck():
        while begun(group):
            time.sleep(0.01)
