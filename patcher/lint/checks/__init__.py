"""The checks that need code: a function each, named by the rule files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from patcher.lint.checks import code, diffs, history, messages, people, series, tags, transport
from patcher.lint.job import Job, Series, SeriesHit
from patcher.lint.model import Hit

CHECKS: dict[str, Callable[[Job], Iterator[Hit]]] = {
    check.__name__.replace("_", "-"): check
    for module in (code, diffs, history, messages, people, tags, transport)
    for check in module.CHECKS
}
SERIES_CHECKS: dict[str, Callable[[Series], Iterator[SeriesHit]]] = {
    check.__name__.replace("_", "-"): check for check in series.CHECKS
}
