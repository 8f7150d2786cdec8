"""How far work has come, as one line: what is done of how much, how fast, and the time that is left."""

from __future__ import annotations

from collections import deque

from patcher.escape import safe
from patcher.report.fold import columns, padded, shortened

_WINDOW = 30.0  # seconds that the rate is of: the first files of a run may have been quick
_SETTLED = 1.0  # seconds after which there is a rate at all
_BAR = 20
_UNITS = ("", "k", "M", "G", "T")


class Pace:
    """Told again and again how far it is. What is told has one total; another total is another work."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self._began = 0.0
        self._total = -1

    def line(self, now: float, what: str, done: int, total: int, width: int) -> str:
        """The line, of no more than ``width`` columns, at the time ``now`` in seconds; ``total`` is 0 as long as
        nobody knows it."""
        if total != self._total or (self._seen and done < self._seen[-1][1]):
            self._seen.clear()
            self._began, self._total = now, total
        self._seen.append((now, done))
        while now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()
        parts = self._parts(now, done, total)
        bar = _bar(done, total) if total else ""
        room = width - sum(len(part) + 2 for part in (*parts, bar) if part)
        if bar and room < _BAR:  # what is done counts for more than its picture
            bar, room = "", room + len(bar) + 2
        text = shortened(" ".join(safe(what).split()), max(room, 0))
        label = padded(text, min(room, max(24, columns(text)))) if bar else text
        return shortened("  ".join(part for part in (label, bar, *parts) if part), width)

    def _parts(self, now: float, done: int, total: int) -> list[str]:
        count = f"{short(done)}/{short(total)}" if total else f"{short(done)} so far" if done else ""
        (then, first), elapsed = self._seen[0], now - self._began
        rate = (done - first) / (now - then) if now - then >= _SETTLED else 0.0
        told = f"{short(round(rate))}/s" if rate >= 1 else f"{round(rate * 60)}/min" if rate * 60 >= 1 else ""
        left = f"{clock((total - done) / rate)} left" if total and rate else f"{clock(elapsed)} so far"
        return [part for part in (count, told, left.removesuffix(" so far") if count else left) if part]


def _bar(done: int, total: int) -> str:
    filled = min(_BAR, _BAR * done // total)
    return f"[{'#' * filled}{'.' * (_BAR - filled)}]"


def short(number: int) -> str:
    """A number in few characters: ``1234``, ``12.3k``, ``4.56M``."""
    power = 0 if number < 10_000 else min((len(str(number)) - 1) // 3, len(_UNITS) - 1)
    if not power:
        return str(number)
    value = number / 1000**power
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}{_UNITS[power]}"


def clock(seconds: float) -> str:
    """A time: ``0:07``, ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
