"""What a check tells before its end: which configurations it has chosen, and, for when it is interrupted, its report as
far as it has come."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from patcher.check.compose import with_patches
from patcher.check.results import Report
from patcher.tree.applying import Applied

UNDONE = "interrupted before it was looked at"
_FEW = 6


class Meanwhile:
    """``tell`` is given lines for people."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._applied: Sequence[Applied] = ()
        self._so_far: Callable[[], Report] | None = None

    def chosen(self, names: Sequence[str]) -> None:
        """Tell the names of configurations that nobody has named."""
        more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
        self._tell(f"configurations for what the series changes: {', '.join(names[:_FEW])}{more}")

    def patches(self, applied: Sequence[Applied]) -> None:
        """How the patches applied that the commits were made of."""
        self._applied = applied

    def known(self, report: Callable[[], Report]) -> None:
        """Take the place of what was known before: ``report`` makes it a report, should that be asked for."""
        self._so_far = report

    def report(self) -> Report | None:
        """What is known by now, None where that is nothing. A commit or check that was not come to is SKIP."""
        return with_patches(self._so_far(), self._applied) if self._so_far else None
