"""The way of a series: plan → generate → check → deliver. ``apply``, ``check --series`` and the demo go it. Several
series go it together, each on what those before have made of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patcher.about import tool
from patcher.cache import Cache
from patcher.check import session
from patcher.check.results import Report
from patcher.check.run import Options
from patcher.errors import InputError
from patcher.generate import deliver
from patcher.generate.deliver import Delivered, Ready, Share, Wanted
from patcher.generate.messages import cover, drafts, tested
from patcher.generate.patches import Generated, generate
from patcher.generate.series import Series, series
from patcher.model import Plan, Status, StepStatus
from patcher.plan.make import Planned, plan_and_patches
from patcher.plan.request import Request
from patcher.source.unit import Progress
from patcher.template import unfilled
from patcher.tree.commit import Draft
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import KernelTree
from patcher.tree.overlay import PatchedTree
from patcher.tree.subtree import at_top


class Part(NamedTuple):
    """What one of the series that were asked for comes to: the series it is sent in, its plan for the tree as those
    before have left it, and all its patches."""

    series: tuple[Series, ...]
    plan: Plan
    patches: Generated


class Prepared(NamedTuple):
    """Series that are ready to be delivered. ``whole``: the plans of those that the tree has; ``report`` is what the
    checks say, None where none was asked for."""

    tree: GitTree
    parts: tuple[Part, ...]
    whole: tuple[Plan, ...]
    wanted: Wanted
    ready: Ready
    report: Report | None


def prepare(
    tree: KernelTree, requests: Sequence[Request], wanted: Wanted, options: Options | None, place: Path, cache: Cache,
    progress: Progress | None = None,
) -> tuple[Plan, ...] | Prepared:  # fmt: skip
    """Generate series, each on those before, and check them where there are ``options``. No branch and no mail is made
    yet. ``place`` is what the user named. The plans alone come back where the tree has all of them.

    Raises InputError where the tree cannot take one, or where something would be in the way in the end.
    """
    at_top(tree)
    made = _Making(tree, requests, cache, progress)
    planned = made.next()
    if planned is None:
        return tuple(made.whole)
    if not isinstance(tree, GitTree):
        raise InputError(f"{place} is not a git repository", "the series becomes commits; commit the tree first")
    parted = made.parted(planned)
    names = [each.spec.name for each in parted] + [each.series.name for each in made.left]
    deliver.ready(tree.repository, tree.commit, names, wanted)  # before the work; some may be found whole by then
    parts = made.parts(planned)
    names = [each.spec.name for part in parts for each in part.series]
    ready = deliver.ready(tree.repository, tree.commit, names, wanted)
    report = None
    if options:
        signed = ready.who.committer if wanted.signoff else ""
        report = session.check_drafts(
            _drafts(parts, signed), tree, Path(tree.where), ready.who, options, cache, progress
        )
    return Prepared(tree, parts, tuple(made.whole), wanted, ready, report)


def publish(made: Prepared) -> Delivered:
    """Deliver what is prepared; see ``deliver``."""
    said = tested(made.report) if made.report else []
    shares = []
    for number, part in enumerate(made.parts):
        present = [unfilled(step.title) for step in part.plan.steps if step.status is StepStatus.PRESENT]
        for each in part.series:
            units = tuple(sorted({path for patch in each.patches for path in patch.changes if path.endswith(".c")}))
            own = Generated(each.patches, part.patches.configs, units)
            letter = cover(each.spec, own, f"libclang {tool()['libclang']}", present, said)
            shares.append(Share(each.spec, each.patches, letter if len(each.patches) > 1 else None, number > 0))
    return deliver.deliver(made.tree.repository, made.tree.commit, shares, made.wanted, made.ready)


def check(
    tree: KernelTree, requests: Sequence[Request], options: Options, place: Path, cache: Cache,
    progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Generate series and check them. Raises InputError where the tree cannot take one, or has all of them already."""
    at_top(tree)
    made = _Making(tree, requests, cache, progress)
    planned = made.next()
    if planned is None:
        names = " and ".join(request.series_name for request in requests)
        raise InputError(f"{tree.where} has the series {names} already", "there is nothing to check")
    assert isinstance(tree, GitTree)
    return session.check_drafts(_drafts(made.parts(planned), ""), tree, place, None, options, cache, progress)


def with_series(
    tree: KernelTree, requests: Sequence[Request], cache: Cache, progress: Progress | None = None
) -> KernelTree:
    """The tree with the series, in memory. Raises InputError where it cannot take one."""
    made = _Making(tree, requests, cache, progress)
    planned = made.next()
    return _patched(tree, made.parts(planned)) if planned else tree


def _drafts(parts: Sequence[Part], signed: str) -> list[Draft]:
    return [draft for part in parts for each in part.series for draft in drafts(each.spec, each.patches, signed)]


class _Making:
    """Series on their way. ``whole``: the plans of those that the tree has; ``left``: those not looked at yet."""

    def __init__(self, tree: KernelTree, requests: Sequence[Request], cache: Cache, progress: Progress | None) -> None:
        self._tree, self._now, self._cache, self._progress = tree, tree, cache, progress
        self.left, self.whole = list(requests), list[Plan]()
        self._request = self.left[0]

    def next(self) -> Planned | None:
        """The plan of the next series that the tree has not, None where there is none."""
        while self.left:
            self._request = self.left.pop(0)
            planned = plan_and_patches(self._now, self._request, self._cache, self._progress)
            if planned.plan.status is not Status.ALREADY:
                return planned
            self.whole.append(planned.plan)
        return None

    def parted(self, planned: Planned) -> tuple[Series, ...]:
        """The series that a plan's patches are sent in."""
        return series(self._now, self._request.series, planned.patches, self._cache, planned.plan.findings)

    def parts(self, planned: Planned | None) -> tuple[Part, ...]:
        """That series and those behind it, generated."""
        found: list[Part] = []
        while planned:
            if found and len(found[-1].series) > 1:
                raise InputError(f"{found[-1].plan.series} goes in several series, and nothing can go on those",
                                 "apply it alone")  # fmt: skip
            parted = self.parted(planned)
            planned = planned._replace(patches=tuple(patch for each in parted for patch in each.patches))
            made = generate(self._now, self._request.series, planned, self._cache, self._progress)
            found.append(Part(parted, planned.plan, made))
            self._now = _patched(self._tree, found)
            planned = self.next()
        return tuple(found)


def _patched(tree: KernelTree, parts: Sequence[Part]) -> KernelTree:
    changes = {path: new for part in parts for patch in part.patches.patches for path, new in patch.changes.items()}
    return PatchedTree(tree, changes)
