"""How the patches of a series stand to a tree, as text for people."""

from __future__ import annotations

from patcher.escape import safe
from patcher.generate.status import SeriesStatus
from patcher.report.fold import WIDTH, fitted
from patcher.report.standing_text import standing_lines, summary


def status_text(found: SeriesStatus, *, quiet: bool, verbose: bool, width: int = WIDTH) -> str:
    """Each patch, and how many are how."""
    where = f"{found.tree.version} ({found.tree.commit[:12]})" if found.tree.commit else found.tree.version
    lines = [] if quiet else [f"{found.series} on {where}", "", *standing_lines(found.patches, verbose), ""]
    return fitted(map(safe, [*lines, f"{found.series}: {summary(found.patches)}"]), width)
