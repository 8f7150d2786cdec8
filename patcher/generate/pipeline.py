"""The way of a series: plan → generate → check → deliver. ``apply``, ``check --series`` and the demo go it. Several
series go it together, each on what those before have made of the tree."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patcher.about import tool
from patcher.cache import Cache
from patcher.check import session
from patcher.check.results import Report
from patcher.check.run import Means, Options
from patcher.check.series import Series as Commits
from patcher.check.series import made
from patcher.check.stages import Stages
from patcher.errors import InputError
from patcher.generate import deliver
from patcher.generate.deliver import Delivered, Ready, Share, Wanted
from patcher.generate.earlier import opened
from patcher.generate.messages import cover, drafts, tested
from patcher.generate.patches import Generated, generate
from patcher.generate.series import Series, series
from patcher.generate.since import Anew, Coming, anew, left
from patcher.generate.standing import Standing
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
    checks say, None where none was asked for; ``anew``: what became of what was sent before, None where nothing was
    named; ``stages``: how long what took."""

    tree: GitTree
    parts: tuple[Part, ...]
    whole: tuple[Plan, ...]
    wanted: Wanted
    ready: Ready
    report: Report | None
    stages: Stages
    anew: Anew | None = None


class Nothing(NamedTuple):
    """The plans of series that the tree has, and what became of the patches that were sent before."""

    plans: tuple[Plan, ...]
    standings: tuple[Standing, ...] = ()


def prepare(
    tree: KernelTree, requests: Sequence[Request], wanted: Wanted, options: Options | None, place: Path, means: Means
) -> Nothing | Prepared:
    """Generate series, each on those before, and check them where there are ``options``. No branch and no mail is made
    yet. ``place`` is what the user named. Nothing comes back where the tree has all of them.

    Raises InputError where the tree cannot take one, or where something would be in the way in the end.
    """
    at_top(tree)
    stages = Stages()
    with stages.timed("plan and generate"), contextlib.ExitStack() as stack:
        before = stack.enter_context(opened(_git(tree, place), wanted.since)) if wanted.since else None
        made = _Making(tree, requests, means.cache, means.progress)
        planned = made.next()
        if planned is None:
            return Nothing(tuple(made.whole), left(_git(tree, place), made.whole, before) if before else ())
        tree = _git(tree, place)
        parted = made.parted(planned)
        names = [each.spec.name for each in parted] + [each.series.name for each in made.left]
        deliver.ready(tree.repository, tree.commit, names, wanted)  # before the work; some may be found whole by then
        parts = made.parts(planned)
        names = [each.spec.name for part in parts for each in part.series]
        ready = deliver.ready(tree.repository, tree.commit, names, wanted)
        signed = ready.who.committer if wanted.signoff else ""
        coming = [Coming(each, number > 0) for number, part in enumerate(parts) for each in part.series]
        plans = [*made.whole, *(part.plan for part in parts)]
        again = anew(tree, plans, coming, before, ready.who, wanted.mailing, signed) if before else None
    report = None
    if options:
        drafted = _drafts(parts, signed, again.trailers if again else ())
        report = session.check_drafts(drafted, tree, Path(tree.where), ready.who, options, means, stages)
    return Prepared(tree, parts, tuple(made.whole), wanted, ready, report, stages, again)


def _git(tree: KernelTree, place: Path) -> GitTree:
    if not isinstance(tree, GitTree):
        raise InputError(f"{place} is not a git repository", "the series becomes commits; commit the tree first")
    return tree


def publish(made: Prepared) -> Delivered:
    """Deliver what is prepared; see ``deliver``."""
    said = tested(made.report) if made.report else []
    shares: list[Share] = []
    for number, part in enumerate(made.parts):
        present = [unfilled(step.title) for step in part.plan.steps if step.status is StepStatus.PRESENT]
        for each in part.series:
            units = tuple(sorted({path for patch in each.patches for path in patch.changes if path.endswith(".c")}))
            own = Generated(each.patches, part.patches.configs, units)
            letter = cover(each.spec, own, f"libclang {tool()['libclang']}", present, said)
            alone = len(each.patches) == 1
            share = Share(each.spec, each.patches, None if alone else letter, made.wanted.mailing, number > 0)
            shares.append(_again(share, made.anew, len(shares)) if made.anew else share)
    return deliver.deliver(made.tree.repository, made.tree.commit, shares, made.wanted, made.ready)


def _again(share: Share, again: Anew, number: int) -> Share:
    return share._replace(
        trailers=again.trailers[number], mailing=again.mailings[number], notes=again.notes[number]
    )  # fmt: skip


def check(tree: KernelTree, requests: Sequence[Request], options: Options, place: Path, means: Means) -> Report:
    """Generate series and check them; see ``session.check_drafts``. Raises InputError where the tree cannot take one,
    or has all of them already."""
    found, drafted, _ = _all_drafts(tree, requests, means.cache, means.progress)
    return session.check_drafts(drafted, found, place, None, options, means)


def committed(
    tree: KernelTree, requests: Sequence[Request], scratch: Path, cache: Cache, progress: Progress | None = None
) -> tuple[Commits, tuple[Plan, ...]]:
    """Generate series and make commits of them, in the directory ``scratch``; with the plan of each. Raises InputError
    where the tree cannot take one, or has all of them already."""
    found, drafted, plans = _all_drafts(tree, requests, cache, progress)
    return made(found.repository, found.commit, drafted, scratch), plans


def prepared_commits(prepared: Prepared, scratch: Path) -> Commits:
    """The commits that ``publish`` makes, or would make, in the directory ``scratch``."""
    tree, wanted, again = prepared.tree, prepared.wanted, prepared.anew
    signed = prepared.ready.who.committer if wanted.signoff else ""
    drafted = _drafts(prepared.parts, signed, again.trailers if again else ())
    return made(tree.repository, tree.commit, drafted, scratch, prepared.ready.who)


def _all_drafts(
    tree: KernelTree, requests: Sequence[Request], cache: Cache, progress: Progress | None
) -> tuple[GitTree, list[Draft], tuple[Plan, ...]]:
    """What series come to on a tree that lacks one of them, and their plans."""
    at_top(tree)
    making = _Making(tree, requests, cache, progress)
    planned = making.next()
    if planned is None:
        names = " and ".join(request.series_name for request in requests)
        raise InputError(f"{tree.where} has the series {names} already", "there is nothing to do")
    assert isinstance(tree, GitTree)
    parts = making.parts(planned)
    return tree, _drafts(parts, ""), (*making.whole, *(part.plan for part in parts))


def with_series(
    tree: KernelTree, requests: Sequence[Request], cache: Cache, progress: Progress | None = None
) -> KernelTree:
    """The tree with the series, in memory. Raises InputError where it cannot take one."""
    return patched(tree, generated(tree, requests, cache, progress))


def generated(
    tree: KernelTree, requests: Sequence[Request], cache: Cache, progress: Progress | None = None
) -> tuple[Part, ...]:
    """What series come to on a tree; nothing where it has all of them. Raises InputError where it cannot take one."""
    made = _Making(tree, requests, cache, progress)
    return made.parts(made.next())


def _drafts(
    parts: Sequence[Part], signed: str, trailers: Sequence[Sequence[Sequence[str]]] = ()
) -> list[Draft]:  # fmt: skip
    every = [each for part in parts for each in part.series]
    given = trailers or [()] * len(every)
    return [draft for each, own in zip(every, given, strict=True)
            for draft in drafts(each.spec, each.patches, signed, own)]  # fmt: skip


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
            self._now = patched(self._tree, found)
            planned = self.next()
        return tuple(found)


def patched(tree: KernelTree, parts: Sequence[Part]) -> KernelTree:
    """The tree with what series come to, in memory."""
    changes = {path: new for part in parts for patch in part.patches.patches for path, new in patch.changes.items()}
    return PatchedTree(tree, changes) if changes else tree
