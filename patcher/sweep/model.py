"""What a sweep finds."""

from __future__ import annotations

from patcher.model import Frozen

REFUSED = "refused"


class Outcome(Frozen, frozen=True):
    """What came of a series on a tree.

    Attributes:
        plan: the status of the plan, or "refused"
        blocked: the first step that is blocked, with the reason; or why there is no plan; else ""
        apply: "1 patch", "14 patches", "nothing to do" or "refused"
        refusal: why apply refuses, or ""
        disagree: how plan and apply differ, or ""
        lost: properties that fail in the result and not in the tree, None where nothing was proven
    """

    plan: str
    blocked: str
    apply: str
    refusal: str
    disagree: str
    lost: tuple[str, ...] | None


class Tried(Frozen, frozen=True):
    """A commit (its full id and the first line of its message), and what came of the series on it. ``error``: why that
    is not known, or ""."""

    commit: str
    subject: str
    outcome: Outcome | None
    error: str = ""

    @property
    def wrong(self) -> bool:
        """Whether somebody must look at it."""
        return self.outcome is None or bool(self.outcome.disagree or self.outcome.lost)


class Sweep(Frozen, frozen=True):
    """A series on commits of ``tree``, the oldest first. ``examples`` of each property were proven, 0 for none."""

    tree: str
    series: str
    examples: int
    commits: tuple[Tried, ...]
