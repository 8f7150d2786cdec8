"""What ``patcher check`` does, from what the user named to a report. What ``apply`` generates is checked so, too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from patcher import temporary
from patcher.check import extras
from patcher.check.compose import with_extra, with_patches
from patcher.check.results import Kind, Report, Row, Status
from patcher.check.run import Means, Options, run
from patcher.check.series import Series, made, named
from patcher.check.stages import Stages
from patcher.lint import session as lint
from patcher.tree.commit import Draft, Identity
from patcher.tree.find import open_repository
from patcher.tree.gittree import GitTree
from patcher.tree.kernel import version
from patcher.tree.subtree import at_top

EXAMPLES = 30  # cases for each property, in each commit; patcher prove tries more


def check(what: Sequence[str], base: str | None, tree: Path, options: Options, means: Means) -> Report:
    """Check the range or the patches that the user named in a tree; patches go on ``base``. Raises InputError."""
    with temporary.directory("check") as scratch:
        series = named(open_repository(tree), what, base, scratch)
        at_top(GitTree(series.repository, series.base))
        request = lint.Request(tuple(what), tree, base=base)
        return _check(series, tree, request, options, means, Stages())


def check_drafts(
    drafts: Sequence[Draft], parent: GitTree, tree: Path, who: Identity | None, options: Options, means: Means,
    stages: Stages | None = None,
) -> Report:  # fmt: skip
    """Check commits that are still to be made on ``parent``, by ``who``. ``tree`` is what the user named; ``stages``
    gets how long what took. Raises InputError."""
    with temporary.directory("check") as scratch:
        series = made(parent.repository, parent.commit, drafts, scratch, who)
        return _check(series, tree, None, options, means, stages or Stages())


def passed(report: Report, fail_on: str = "warning") -> bool:
    """Whether nothing of a level speaks against the series: "error" (what does not apply, compile or hold, or could not
    be checked), "warning" (besides, what warns), or "note". What was skipped is in the report."""
    fine = {Status.PASS, Status.SKIP} | ({Status.WARN} if fail_on == "error" else set())
    lower = {"error": {Kind.WARNING, Kind.NOTE}, "warning": {Kind.NOTE}}.get(fail_on, set())
    return all(finding.kind in lower for finding in report.findings) and all(
        cell.status in fine for row in report.rows for cell in row.cells
    )


def _check(
    series: Series, tree: Path, named: lint.Request | None, options: Options, means: Means, stages: Stages
) -> Report:
    """Compile each commit, then ask the other checks. ``named``: what lint is to look at, None for the commits."""
    alone = structs.replace(options, alone=not (options.lint or options.prove or means.others))
    with stages.timed("compile"):
        report = compiled(series, tree, alone, means)
    if series.commits and options.lint:
        with stages.timed("lint"):
            report = with_extra(report, extras.linted(series, extras.lint(series, named, tree, means.cache).outcome))
    if series.commits and options.prove:
        with stages.timed("prove"):
            proofs = extras.prove(series, EXAMPLES, means)
        report = with_extra(report, extras.proved(series, proofs))
    for other in means.others if series.commits else ():
        with stages.timed("boot"):
            report = with_extra(report, other(series))
    return report


def compiled(series: Series, tree: Path, options: Options | None, means: Means) -> Report:
    """What comes before other checks: how patches applied, and, where there are ``options``, what compiling shows of
    each commit. Raises InputError."""
    if means.meanwhile:
        means.meanwhile.patches(series.applied)
    if options:
        report = run(series, tree, options, means)
    else:
        rows = tuple(Row(number, each.id, each.subject, ()) for number, each in enumerate(series.commits, 1))
        release = version(GitTree(series.repository, series.base))
        report = Report(str(tree.resolve()), release, series.base, (), rows, (), (), (), ())
    return with_patches(report, series.applied)
