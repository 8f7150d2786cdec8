"""What boot is to see of the series that the user named, for all commands that boot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patcher.boot.results import Promise
    from patcher.cache import Cache
    from patcher.check.run import Other
    from patcher.plan.request import Request
    from patcher.report.progress import Bar


def promised(asked: Sequence[Request]) -> tuple[Promise, ...]:
    """``[[boot]]`` of these series."""
    from patcher.boot.results import Promise
    from patcher.check.results import Status

    return tuple(
        Promise(each.probe, each.on, Status(each.base), each.since) for one in asked for each in one.series.boot
    )  # fmt: skip


def booting(place: Path, asked: Sequence[Request], trusted: bool, cache: Cache, bar: Bar | None) -> Other:
    """The column of check that boots. Raises InputError where no machine can be run."""
    from patcher.boot import run
    from patcher.boot.column import column

    run.must_run()
    return column(place, promised(asked), trusted, cache, bar)
