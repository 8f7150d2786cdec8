"""How each patch of a series stands to a tree: what ``patcher status`` tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.generate.earlier import opened
from patcher.generate.landed import Landed, of_steps
from patcher.generate.mailing import Mailing
from patcher.generate.series import series
from patcher.generate.since import Coming, anew, left
from patcher.generate.standing import Standing, State
from patcher.model import Frozen, Plan, Split, Step, StepStatus, TreeInfo
from patcher.plan.make import Planned, plan_and_patches
from patcher.plan.request import Request
from patcher.plan.session import needs_attention
from patcher.source.unit import Progress
from patcher.template import unfilled
from patcher.tree.commit import nobody
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import KernelTree
from patcher.tree.subtree import at_top


class SeriesStatus(Frozen, frozen=True):
    """Every patch of a series, as it stands to a tree. ``attention``: what was asked to count does, by default
    that the series does not fit the tree, or that a person must look at a finding; see ``needs_attention``."""

    tree: TreeInfo
    series: str
    attention: bool
    patches: tuple[Standing, ...]


def status(
    tree: KernelTree, request: Request, since: Sequence[str], cache: Cache, progress: Progress | None = None,
    fail_on: str = "warning",
) -> SeriesStatus:  # fmt: skip
    """How the patches of a series stand to a tree.

    ``since``: what was sent before, as the user named it. Without it, commits are known by what their messages say.
    ``fail_on``: what needs attention, as for a plan.

    Raises InputError where there is no such thing, and as ``plan_and_patches``.
    """
    at_top(tree)
    if since and not isinstance(tree, GitTree):
        raise InputError(f"{tree.where} is not a git repository", "leave --since away")
    if since and isinstance(tree, GitTree):
        with opened(tree, since) as before:
            planned = plan_and_patches(tree, request, cache, progress)
            found = series(tree, request.series, planned.patches, cache, planned.plan.findings)
            if planned.patches:
                standings = anew(
                    tree, [planned.plan], [Coming(each) for each in found], before, nobody(), Mailing(), ""
                ).standings
            else:
                standings = left(tree, [planned.plan], before)
            told = {each.step for each in standings if each.state is State.CONFLICTING}
            blocked = (each for each in _blocked(planned.plan) if each.step not in told)
            return _status(planned.plan, (*blocked, *standings), fail_on)
    planned = plan_and_patches(tree, request, cache, progress)
    return _status(planned.plan, _alone(tree, request, planned, cache), fail_on)


def _status(plan: Plan, found: Sequence[Standing], fail_on: str) -> SeriesStatus:
    """The patches in the order of the steps; those of none last."""
    order = {step.slug: number for number, step in enumerate(plan.steps)}
    patches = sorted(found, key=lambda each: order.get(each.step, len(order)))
    return SeriesStatus(plan.tree, plan.series, needs_attention(plan, fail_on), tuple(patches))


def _blocked(plan: Plan) -> list[Standing]:
    return [
        Standing(unfilled(step.title), step.slug, State.CONFLICTING, reason=step.reason,
                 paths=tuple(sorted({each.path for each in step.targets if each.path})))
        for step in plan.steps
        if step.status is StepStatus.BLOCKED
    ]  # fmt: skip


def _alone(tree: KernelTree, request: Request, planned: Planned, cache: Cache) -> list[Standing]:
    plan, specs = planned.plan, {step.slug: step for step in request.series.step}
    made = _landed(tree, request, plan)
    found = _blocked(plan)
    for one in series(tree, request.series, planned.patches, cache, plan.findings):
        for patch in one.patches:
            found.append(Standing(patch.step.title, patch.step.slug, State.NEEDED, paths=tuple(patch.changes)))
    for step in plan.steps:
        whole = specs[step.slug].split is Split.ONE
        commits = made.get(step.slug, ())
        if step.status is StepStatus.PRESENT or not whole:
            found += [
                Standing(each.title, step.slug, State.LANDED, each.commit, each.sign, step.reason) for each in commits
            ]
        if step.status is StepStatus.PRESENT and not commits:
            found.append(_gone(step))
    return found


def _gone(step: Step) -> Standing:
    paths = tuple(sorted({each.path for each in step.targets if each.path}))
    return Standing(unfilled(step.title), step.slug, State.GONE, reason=step.reason, paths=paths)


def _landed(tree: KernelTree, request: Request, plan: Plan) -> Mapping[str, Sequence[Landed]]:
    """Commits of steps that the tree has, or of which it may have a part."""
    if not isinstance(tree, GitTree):
        return {}
    whole = {step.slug for step in request.series.step if step.split is Split.ONE}
    asked = [step for step in plan.steps if step.status is StepStatus.PRESENT or step.slug not in whole]
    titles = {step.slug: step.title for step in asked if step.slug in whole}
    slugs = {step.slug for step in asked}
    return of_steps(tree.repository, tree.commit, request.series_name, slugs, titles)
