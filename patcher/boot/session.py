"""What ``patcher boot`` does with commits: the base and the last one are booted, and what only the last one shows is
looked for in between."""

from __future__ import annotations

import time
from collections.abc import Sequence

from patcher.boot import compare
from patcher.boot.boots import Boots, Build, Options, Place
from patcher.boot.results import Began, Booted, Promise, Report, Row
from patcher.check.results import Status
from patcher.check.workers import Progress
from patcher.tree.objects import Commit


def boot(
    tree: str, base: str, commits: Sequence[Commit], promises: Sequence[Promise], options: Options, build: Build,
    progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Boot the last of the commits beside the base.

    Arguments:
        tree: what the user named, for the report
        base: the id of the commit that they are compared with, "" for none
        commits: at least one, oldest first, each on the one before; the first on the base
        promises: what the commits are to change
        build: gives the kernels of a commit; raises BuildError

    Raises InputError where nothing can be booted here.
    """
    started = time.monotonic()
    boots = Boots(options, build)
    last = commits[-1]
    pairs: list[tuple[Booted | None, Booted]] = []
    places = boots.places()
    told = _Told(progress, len(places) * (2 if base else 1))
    for place in places:
        before = _told(boots, base, place, told) if base else None
        pairs.append((before, _told(boots, last.id, place, told)))
    rows = [row for before, now in pairs for row in compare.rows(before, now, promises)]
    began = _began(boots, base, commits, rows, told) if base and len(commits) > 1 else ()
    changed = [compare.changed(before, now) for before, now in pairs if before and before.messages and now.messages]
    notes = [] if not base else [*compare.unmet([before for before, _ in pairs if before], promises)]
    return Report(
        tree, base, last.id, last.subject, tuple(rows), began, tuple(each for each in changed if each),
        boots.done, _adjustments(boots), (*_unset(boots), *notes), time.monotonic() - started,
    )  # fmt: skip


class _Told:
    """Tells of boots as they begin."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, commit: str, place: Place) -> None:
        if self._progress:
            self._progress(f"{commit[:12]} {place.arch} {place.where}", self._done, max(self._total, self._done + 1))
        self._done += 1


def _told(boots: Boots, commit: str, place: Place, told: _Told) -> Booted:
    told(commit, place)
    return boots.boot(commit, place)


def _adjustments(boots: Boots) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for kernel in boots.kernels for line in kernel.adjustments))


def _unset(boots: Boots) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{kernel.arch}: {line}" for kernel in boots.kernels for line in kernel.unset))


def _began(boots: Boots, base: str, commits: Sequence[Commit], rows: Sequence[Row], told: _Told) -> tuple[Began, ...]:
    """Where each new fault began: by bisection, of boots that are remembered from fault to fault."""
    found = []
    for row in rows:
        if row.mark != compare.NEW or row.now.status is not Status.FAIL:
            continue
        place = Place(row.arch, row.where, row.ramdisk)
        good, bad = -1, len(commits) - 1
        while bad - good > 1:
            middle = (good + bad) // 2
            seen = _seen(boots, base, commits[middle].id, place, row.probe, told)
            if seen is None or seen.now.status is Status.ERROR:
                break
            fails = seen.now.status is Status.FAIL and seen.mark == compare.NEW
            good, bad = (good, middle) if fails else (middle, bad)
        if bad - good == 1:
            first = commits[bad]
            found.append(Began(*place, row.probe, first.id, first.subject))
    return tuple(found)


def _seen(boots: Boots, base: str, commit: str, place: Place, probe: str, told: _Told) -> Row | None:
    rows = compare.rows(boots.boot(base, place), _told(boots, commit, place, told))
    return next((each for each in rows if each.probe == probe), None)
