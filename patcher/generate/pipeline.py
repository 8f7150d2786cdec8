"""The way of a series: plan → generate → check → deliver. ``apply``, ``check --series`` and the demo go it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from patcher.about import tool
from patcher.cache import Cache
from patcher.check import session
from patcher.check.results import Report
from patcher.check.run import Options
from patcher.errors import InputError
from patcher.generate import deliver
from patcher.generate.deliver import Delivered, Ready, Wanted
from patcher.generate.messages import drafts, tested
from patcher.generate.patches import Generated, generate
from patcher.model import Plan, Status, StepStatus
from patcher.plan.make import plan_and_patches
from patcher.plan.request import Request
from patcher.series.load import SeriesSpec
from patcher.source.unit import Progress
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import KernelTree


class Prepared(NamedTuple):
    """A series that is ready to be delivered. ``report`` is what the checks say, None where none was asked for."""

    tree: GitTree
    spec: SeriesSpec
    plan: Plan
    patches: Generated
    wanted: Wanted
    ready: Ready
    report: Report | None


def prepare(
    tree: KernelTree, request: Request, wanted: Wanted, options: Options | None, place: Path, cache: Cache,
    progress: Progress | None = None,
) -> Plan | Prepared:  # fmt: skip
    """Generate a series, and check it where there are ``options``. No branch and no mail is made yet. ``place`` is what
    the user named. The plan alone comes back where the tree has the whole series.

    Raises InputError where the tree cannot take it, or where something would be in the way in the end.
    """
    planned = plan_and_patches(tree, request, cache, progress)
    if planned.plan.status is Status.ALREADY:
        return planned.plan
    if not isinstance(tree, GitTree):
        raise InputError(f"{place} is not a git repository", "the series becomes commits; commit the tree first")
    spec = request.series
    if wanted.branch is None:
        own = f"{'b4' if wanted.mailing.b4 else 'patcher'}/{spec.name}"
        wanted = wanted._replace(branch="" if wanted.directory and not wanted.mailing.b4 else own)
    ready = deliver.ready(tree.repository, tree.commit, wanted)
    patches = generate(tree, spec, planned, cache, progress)
    report = None
    if options:
        commits = drafts(spec, patches, ready.who.committer if wanted.signoff else "")
        report = session.check_drafts(commits, tree, Path(tree.where), ready.who, options, cache, progress)
    return Prepared(tree, spec, planned.plan, patches, wanted, ready, report)


def publish(series: Prepared) -> Delivered:
    """Deliver what is prepared; see ``deliver``."""
    return deliver.deliver(
        series.tree.repository, series.tree.commit, series.spec, series.patches, series.wanted, series.ready,
        f"libclang {tool()['libclang']}",
        [step.title for step in series.plan.steps if step.status is StepStatus.PRESENT],
        tested(series.report) if series.report else (),
    )  # fmt: skip


def check(
    tree: KernelTree, request: Request, options: Options, place: Path, cache: Cache,
    progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Generate a series and check it. Raises InputError where the tree cannot take it, or has it already."""
    planned = plan_and_patches(tree, request, cache, progress)
    if planned.plan.status is Status.ALREADY:
        raise InputError(f"{tree.where} has the series {request.series_name} already", "there is nothing to check")
    assert isinstance(tree, GitTree)
    patches = generate(tree, request.series, planned, cache, progress)
    return session.check_drafts(drafts(request.series, patches, ""), tree, place, None, options, cache, progress)
