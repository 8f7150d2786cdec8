"""From what the user named to its story, in one pass: each stage is asked once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patcher import temporary
from patcher.cache import Cache
from patcher.check import extras, session
from patcher.check.compose import with_extra
from patcher.check.results import Report
from patcher.check.run import Means, Options
from patcher.check.series import Series, named
from patcher.check.stages import Stages
from patcher.errors import InputError
from patcher.generate import pipeline
from patcher.generate.deliver import Delivered
from patcher.generate.pipeline import Prepared
from patcher.lint.session import Request as LintRequest
from patcher.model import Plan
from patcher.plan.request import Request
from patcher.prove.build import another_p2m
from patcher.prove.find import places
from patcher.prove.laptop import example
from patcher.prove.pictures import Machine, Pictures, collect
from patcher.prove.prove import Progress
from patcher.story.commands import commands, line
from patcher.story.model import NotRun, Story
from patcher.tree.commits import patches
from patcher.tree.find import open_repository
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import KernelTree
from patcher.tree.revisions import upstream
from patcher.tree.subtree import at_top

LAPTOP = Machine("x86_64", *example(None))
_BOOT = NotRun("boot", "no report boots; patcher boot does")
_UNTRUSTED = NotRun("compile", "it runs the tree's own Makefiles and scripts; --trust-tree allows it, in a sandbox")


class Wanted(NamedTuple):
    """What to run. ``options``: how to compile, None for not at all; ``examples``: cases for each property;
    ``machine``: whose P2M is drawn where one is proven."""

    options: Options | None
    lint: bool = True
    prove: bool = True
    examples: int = session.EXAMPLES
    machine: Machine = LAPTOP


def of_commits(
    what: Sequence[str], base: str | None, place: Path, wanted: Wanted, cache: Cache, progress: Progress | None = None
) -> Story:
    """The story of a range, of patches, or, where nothing is named, of upstream..HEAD; see ``check.session.check``.
    Raises InputError."""
    with temporary.directory("report") as scratch:
        repository = open_repository(place)
        asked = tuple(what) or (upstream(repository),)
        series = named(repository, asked, base, scratch)
        at_top(GitTree(series.repository, series.base))
        work = _Work(series, place, cache, progress)
        return work.story(" ".join(what) or "upstream..HEAD", wanted, LintRequest(asked, place, base=base), [])


def of_series(
    tree: KernelTree, requests: Sequence[Request], place: Path, wanted: Wanted, cache: Cache,
    progress: Progress | None = None,
) -> Story:  # fmt: skip
    """The story of series that are generated for a tree; no commit is made in it. ``place`` is what the user named.
    Raises InputError where the tree cannot take one, or has all of them."""
    with temporary.directory("report") as scratch:
        stages = Stages()
        with stages.timed("plan and generate"):
            series, plans = pipeline.committed(tree, requests, scratch, cache, progress)
        work = _Work(series, place, cache, progress, stages)
        return work.story(",".join(each.series_name for each in requests), wanted, None, plans)


def of_prepared(
    prepared: Prepared, done: Delivered | None, given: Sequence[str], place: Path, cache: Cache,
    progress: Progress | None = None,
) -> Story:  # fmt: skip
    """The story of what ``apply`` made, or, where ``done`` is None, would have made. Nothing is run again: the checks
    are those that were asked for. ``given``: the options of that call, without tree and revision."""
    with temporary.directory("report") as scratch:
        series = pipeline.prepared_commits(prepared, scratch)
        plans = (*prepared.whole, *(part.plan for part in prepared.parts))
        branch = ", ".join(each.branch for each in done.series if each.branch) if done else ""
        name = ",".join(plan.series for plan in plans)
        return _Work(series, place, cache, progress, prepared.stages).told(name, prepared, branch, plans, given)


class _Work:
    """A series on its way through the stages. ``repository`` of ``series`` must stay meanwhile."""

    def __init__(
        self, series: Series, place: Path, cache: Cache, progress: Progress | None,
        stages: Stages | None = None,
    ) -> None:  # fmt: skip
        self._series, self._place, self._cache, self._progress = series, place, cache, progress
        self._stages, self._not_run = stages or Stages(), [_BOOT]

    def story(self, name: str, wanted: Wanted, named: LintRequest | None, plans: Sequence[Plan]) -> Story:
        """Compile, lint and prove as wanted. ``named``: what lint is to look at, None for the commits."""
        series, cache = self._series, self._cache
        if wanted.options is None:
            self._not_run.append(_UNTRUSTED)
        with self._stages.timed("compile" if wanted.options else "read"):
            report = session.compiled(series, self._place, wanted.options, Means(cache, self._progress))
        outcome, proofs = None, extras.Proofs({}, {})
        if self._asked("lint", wanted.lint):
            with self._stages.timed("lint"):
                outcome = extras.lint(series, named, self._place, cache).outcome
            report = with_extra(report, extras.linted(series, outcome))
        if self._asked("prove", wanted.prove) and self._provable():
            with self._stages.timed("prove"):
                proofs = extras.prove(series, wanted.examples, Means(cache, self._progress))
            if proofs.found:
                report = with_extra(report, extras.proved(series, proofs))
            else:
                self._not_run += [NotRun("prove", why) for why in dict.fromkeys(proofs.missing.values())]
        pictures = self._pictures(wanted.machine) if proofs.found else None
        found = self._whole(name, plans, report)._replace(
            lint=outcome, proofs=tuple(proofs.found.values()), pictures=pictures
        )
        mailed, map_file = bool(self._series.applied), wanted.machine.origin if wanted.machine != LAPTOP else ""
        return found._replace(commands=commands(found, wanted.options, wanted.examples, map_file, named, mailed))

    def told(
        self, name: str, prepared: Prepared, branch: str, plans: Sequence[Plan], given: Sequence[str]
    ) -> Story:  # fmt: skip
        """What ``apply`` has found out."""
        report = prepared.report or session.compiled(self._series, self._place, None, Means(self._cache))
        ran = {column.check for column in report.columns}
        self._not_run = [] if prepared.report else [NotRun("compile", "it was not asked for; apply --check does")]
        for stage in ("lint", "prove", "boot"):
            if stage not in ran:
                self._not_run.append(NotRun(stage, f"it was not asked for; apply --check --{stage} does"))
        tree, base = self._place.resolve().name, self._series.base[:12]
        command = line("patcher", "apply", "--tree", tree, "--rev", base, *given)
        pictures = self._pictures(LAPTOP) if "prove" in ran else None
        return self._whole(name, plans, report)._replace(branch=branch, commands=(command,), pictures=pictures)

    def _provable(self) -> bool:
        """Whether the base or the last commit may have a P2M that can be run; if not, that is told once."""
        why: dict[str, None] = {}
        for commit in (self._series.base, self._series.commits[-1].id):
            tree = GitTree(self._series.repository, commit)
            try:
                other = another_p2m(tree, places(tree))
            except InputError as error:
                other = str(error)
            if not other:
                return True
            why[other] = None
        self._not_run += [NotRun("prove", each) for each in why]
        return False

    def _pictures(self, machine: Machine) -> Pictures | None:
        """The P2M for a machine, before and after each commit."""
        repository = self._series.repository
        commits = (repository.commit(self._series.base), *self._series.commits)
        trees = [(each.subject, GitTree(repository, each.id)) for each in commits]
        with self._stages.timed("P2M, drawn"):
            try:
                return collect(trees, machine, self._cache)
            except InputError as error:
                self._not_run.append(NotRun("P2M, drawn", str(error)))
                return None

    def _whole(self, name: str, plans: Sequence[Plan], report: Report) -> Story:
        series = self._series
        with self._stages.timed("messages and diffs"):
            read = tuple(patches(series.repository, [each.id for each in series.commits]))
        return Story(
            name=name, place=self._place.resolve().name, base=series.base,
            base_subject=series.repository.commit(series.base).subject,
            tip=series.commits[-1].id if series.commits else "", branch="", patches=read,
            report=report, plans=tuple(plans), not_run=tuple(self._not_run), stages=tuple(self._stages.done),
        )  # fmt: skip

    def _asked(self, stage: str, wanted: bool) -> bool:
        if not wanted:
            self._not_run.append(NotRun(stage, f"--no-{stage}"))
        elif not self._series.commits:
            self._not_run.append(NotRun(stage, "no patch became a commit"))
        return wanted and bool(self._series.commits)
