"""``patcher check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher import temporary
from patcher.cli.common import CLEAN, FOUND, common, deliver, open_place, plain, style, use_libclang
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.cache import Cache
    from patcher.check.results import Report
    from patcher.check.series import Series
    from patcher.report.progress import Bar

FORMATS = ("text", "json", "sarif", "junit")
_EXAMPLES = 30  # cases for each property, in each commit; patcher prove tries more
USERS = 64  # files that include a touched header, compiled for a commit in a configuration


@click.command()
@click.argument("what", nargs=-1, metavar="[RANGE | FILE…]")
@click.option(
    "--tree",
    "place",
    default=".",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Kernel tree: a git repository (bare or not) or a worktree. Default: here.",
)
@click.option("--series", metavar="NAME", help="Check the series of that name, generated for the tree.")
@click.option("--base", metavar="REV", help="What patches and series are put on. Default: HEAD.")
@click.option(
    "--configs", metavar="LIST", multiple=True, help="Configurations, comma-separated; 'auto' is the default."
)
@click.option("--with", "tools", metavar="LIST", default="gcc", show_default=True, help="gcc, clang, sparse.")
@click.option("--lint", is_flag=True, help="Lint each commit, too.")
@click.option("--prove", is_flag=True, help="Run the P2M code of each commit against the scheme, too.")
@click.option("--trust-tree", is_flag=True, help="Allow the tree's build to run (in a sandbox).")
@click.option("--no-sandbox", is_flag=True, help="Run it with all you may do, where there is no bubblewrap.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes at once. Default: all cores.")
@click.option(
    "--max-users",
    "most",
    type=click.IntRange(0, 1_000_000),
    default=USERS,
    show_default=True,
    metavar="N",
    help="How many files that include a touched header are compiled, for a commit in a configuration.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write there instead.")
@common
def check(
    what: tuple[str, ...], place: Path, series: str | None, base: str | None, configs: tuple[str, ...], tools: str,
    lint: bool, prove: bool, trust_tree: bool, no_sandbox: bool, jobs: int | None, most: int, form: str,
    output: Path | None, quiet: bool, verbose: bool, libclang: str | None,
) -> int:  # fmt: skip
    """Check that each commit of a series applies and compiles, and adds no warning.

    RANGE is A..B, or A for A..HEAD; FILE is a patch, an mbox or a directory of patches. Nothing in the tree is
    changed. Exit code 1 means that a commit brings something new, or could not be checked.
    """
    use_libclang(libclang)
    trusted(trust_tree)
    with temporary.directory("check") as scratch:
        given = _given(what, place, series, base, quiet, scratch)
        found = checked(given, place, configs, tools, not no_sandbox, jobs, most, quiet)
        if given.commits and (lint or prove):
            found = with_extras(found, given, what, base, place, lint, prove)
    deliver(rendered(found, form, output is None, verbose, quiet), output)
    return CLEAN if good(found) else FOUND


def good(report: Report) -> bool:
    """Whether nothing speaks against the series. What was skipped is in the report."""
    from patcher.check.results import Status

    fine = (Status.PASS, Status.SKIP)
    return not report.findings and all(cell.status in fine for row in report.rows for cell in row.cells)


def trusted(trust_tree: bool) -> None:
    """Raises InputError where the user has not allowed the tree's build to run."""
    if not trust_tree:
        raise InputError(
            "compiling runs the tree's own Makefiles and scripts", "say --trust-tree; they are run in a sandbox"
        )


def _given(
    what: tuple[str, ...], place: Path, series: str | None, base: str | None, quiet: bool, scratch: Path
) -> Series:
    """The commits to check, made in ``scratch`` where they are not there yet."""
    from patcher.check.series import named
    from patcher.tree.find import open_repository

    repository = open_repository(place)
    if series is None:
        return named(repository, what, base, scratch)
    if what:
        raise InputError("--series and a range or patches contradict each other", "give one of them")
    from patcher.check.series import made
    from patcher.cli.plan import make_plan, make_request
    from patcher.generate.messages import drafts
    from patcher.generate.patches import generate
    from patcher.model import Status

    tree = open_place(place, base, False)
    request = make_request(series, None, "", None, "", None)
    plan = make_plan(tree, request, quiet)
    if plan.status is Status.ALREADY:
        raise InputError(f"{tree.where} has the series {series} already", "there is nothing to check")
    cache, bar = _tools(quiet)
    try:
        patches = generate(tree, request.series, plan.steps, request.rules.group.anchored, cache, bar)
    finally:
        cache.close()
        if bar:
            bar.close()
    return made(repository, tree.commit, drafts(request.series, patches, ""), scratch)


def _tools(quiet: bool) -> tuple[Cache, Bar | None]:
    from patcher.cache import Cache
    from patcher.report.progress import Bar, wanted

    return Cache(), Bar() if wanted(quiet) else None


def checked(
    series: Series, place: Path, configs: tuple[str, ...], tools: str, sandboxed: bool, jobs: int | None, most: int,
    quiet: bool,
) -> Report:  # fmt: skip
    """What compiling the series brings to light, in these configurations and with these tools."""
    from patcher.check.compose import with_patches
    from patcher.check.run import Options, run

    options = Options(True, configs, tools, sandboxed=sandboxed, jobs=jobs or 0, most=most)
    cache, bar = _tools(quiet)
    try:
        return with_patches(run(series, place, options, cache, bar), series.applied)
    finally:
        cache.close()
        if bar:
            bar.close()


def with_extras(
    report: Report, series: Series, what: tuple[str, ...], base: str | None, place: Path, lint: bool, prove: bool
) -> Report:
    """The report with the columns of the other checks. ``what`` and ``base``: what the user named in ``place``."""
    from patcher.cache import Cache
    from patcher.check.compose import with_extra
    from patcher.check.extras import linted, proved
    from patcher.lint.session import Request

    cache = Cache()
    try:
        if lint:
            report = with_extra(report, linted(series, Request(what, place, base) if what else None, place, cache))
        if prove:
            report = with_extra(report, proved(series, _EXAMPLES, cache))
    finally:
        cache.close()
    return report


def rendered(report: Report, form: str, terminal: bool, verbose: bool, quiet: bool) -> str:
    """The report in one of the forms."""
    if form == "json":
        from patcher.about import tool
        from patcher.report.check_json import check_json

        return check_json(report, tool())
    if form == "sarif":
        from patcher.about import tool
        from patcher.report.check_sarif import check_sarif

        return check_sarif(report, tool())
    if form == "junit":
        from patcher.report.check_junit import check_junit

        return check_junit(report)
    from patcher.report.check_text import check_text

    return check_text(report, style() if terminal else plain, verbose=verbose, quiet=quiet)
