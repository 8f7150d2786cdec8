"""The checks that need code: a function each, named by the rule files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from patcher.lint.checks import code, diffs, history, messages, people, series, tags, transport
from patcher.lint.job import Job, Series, SeriesHit, TreeHit, TreeJob
from patcher.lint.model import Hit

CHECKS: dict[str, Callable[[Job], Iterator[Hit]]] = {
    check.__name__.replace("_", "-"): check
    for module in (diffs, history, messages, people, tags, transport)
    for check in module.CHECKS
}
SERIES_CHECKS: dict[str, Callable[[Series], Iterator[SeriesHit]]] = {
    check.__name__.replace("_", "-"): check for check in series.CHECKS
}
TREE_CHECKS: dict[str, Callable[[TreeJob], Iterator[TreeHit]]] = {
    check.__name__.replace("_", "-"): check for check in (*code.TREE_CHECKS, *people.TREE_CHECKS)
}
