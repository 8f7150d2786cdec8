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
from patcher.generate.deliver import Delivered, Ready, Share, Wanted
from patcher.generate.messages import cover, drafts, tested
from patcher.generate.patches import Generated, generate
from patcher.generate.series import Series, series
from patcher.model import Plan, Status, StepStatus
from patcher.plan.make import plan_and_patches
from patcher.plan.request import Request
from patcher.source.unit import Progress
from patcher.template import unfilled
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import KernelTree
from patcher.tree.subtree import at_top


class Prepared(NamedTuple):
    """Series that are ready to be delivered. ``report`` is what the checks say, None where none was asked for."""

    tree: GitTree
    series: tuple[Series, ...]
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
    at_top(tree)
    planned = plan_and_patches(tree, request, cache, progress)
    if planned.plan.status is Status.ALREADY:
        return planned.plan
    if not isinstance(tree, GitTree):
        raise InputError(f"{place} is not a git repository", "the series becomes commits; commit the tree first")
    spec = request.series
    parted = series(tree, spec, planned.patches, cache, planned.plan.findings)
    ready = deliver.ready(tree.repository, tree.commit, [each.spec.name for each in parted], wanted)
    planned = planned._replace(patches=tuple(patch for each in parted for patch in each.patches))
    patches = generate(tree, spec, planned, cache, progress)
    report = None
    if options:
        commits = drafts(spec, patches.patches, ready.who.committer if wanted.signoff else "")
        report = session.check_drafts(commits, tree, Path(tree.where), ready.who, options, cache, progress)
    return Prepared(tree, parted, planned.plan, patches, wanted, ready, report)


def publish(made: Prepared) -> Delivered:
    """Deliver what is prepared; see ``deliver``."""
    present = [unfilled(step.title) for step in made.plan.steps if step.status is StepStatus.PRESENT]
    said = tested(made.report) if made.report else []
    shares = []
    for each in made.series:
        units = tuple(sorted({path for patch in each.patches for path in patch.changes if path.endswith(".c")}))
        own = Generated(each.patches, made.patches.configs, units)
        letter = cover(each.spec, own, f"libclang {tool()['libclang']}", present, said)
        shares.append(Share(each.spec, each.patches, letter if len(each.patches) > 1 else None))
    return deliver.deliver(made.tree.repository, made.tree.commit, shares, made.wanted, made.ready)


def check(
    tree: KernelTree, request: Request, options: Options, place: Path, cache: Cache,
    progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Generate a series and check it. Raises InputError where the tree cannot take it, or has it already."""
    at_top(tree)
    planned = plan_and_patches(tree, request, cache, progress)
    if planned.plan.status is Status.ALREADY:
        raise InputError(f"{tree.where} has the series {request.series_name} already", "there is nothing to check")
    assert isinstance(tree, GitTree)
    patches = generate(tree, request.series, planned, cache, progress)
    return session.check_drafts(
        drafts(request.series, patches.patches, ""), tree, place, None, options, cache, progress
    )
