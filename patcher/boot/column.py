"""Boots as a column of check: the last commit, and those at which something began to fail."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from patcher.boot import session
from patcher.boot.boots import Options
from patcher.boot.compare import NEW
from patcher.boot.config import shipped
from patcher.boot.kernel import Kernels
from patcher.boot.results import Promise, Report, Row, counts, passed
from patcher.cache import Cache
from patcher.check.compose import Extra
from patcher.check.results import Finding, Kind, Status
from patcher.check.series import Series
from patcher.check.workers import Progress

_NAME = "boot"


def column(
    tree: Path, promises: Sequence[Promise], trusted: bool, cache: Cache, progress: Progress | None = None
) -> Callable[[Series], Extra]:
    """What check asks of a series' commits: they are booted as ``patcher boot`` does it without options.

    ``tree`` is what the user named. It raises InputError where nothing can be booted here.
    """

    def boots(series: Series) -> Extra:
        building = Kernels(tree, cache, trusted=trusted, repository=series.repository, progress=progress)
        with building as kernels:
            report = session.boot(
                str(tree), series.base, series.commits, promises, Options(),
                lambda commit, arch, formats: kernels.build(commit, arch, formats, shipped()), progress,
            )  # fmt: skip
        return extra(report, [commit.id for commit in series.commits])

    return boots


def extra(report: Report, commits: Sequence[str]) -> Extra:
    """The column that a report comes to."""
    found: dict[str, list[Finding]] = {commit: [] for commit in commits}
    began = {(each.arch, each.where, each.ramdisk, each.probe): each.commit for each in report.began}
    for row in filter(counts, report.rows):
        key = (row.arch, row.where, row.ramdisk, row.probe)
        found[began.get(key, report.commit)].append(_finding(row))
    fine = f"{len(report.boots)} boots, {len(report.rows)} probes"
    skipped = (Status.SKIP, "only the last commit is booted, and those that are bisected", ())
    cells: dict[str, tuple[Status, str, tuple[Finding, ...]]] = dict.fromkeys(commits, skipped)
    for commit, own in found.items():
        if own:
            cells[commit] = (Status.FAIL, f"{len(own)} of {len(report.rows)} probes fail", tuple(own))
    if not found[report.commit]:
        status = Status.PASS if passed(report) else Status.FAIL
        cells[report.commit] = (status, fine if passed(report) else f"{fine}; see the commit that began it", ())
    return Extra(_NAME, "patcher boot", cells)


def _finding(row: Row) -> Finding:
    where = f"{row.where}, {row.ramdisk} ramdisk"
    name = "\0".join((row.arch, where, row.probe))
    told = "" if row.mark in ("", NEW) else f" ({row.mark})"
    return Finding(
        commit=0, check=_NAME, kind=Kind.ERROR, path="", line=0, function="",
        message=f"{row.probe}{told}: {row.now.detail}", source=row.now.lines[0] if row.now.lines else "",
        configs=(f"{row.arch} {where}",), targets=(), until=0,
        fingerprint=hashlib.sha256(name.encode()).hexdigest()[:16],
    )  # fmt: skip
