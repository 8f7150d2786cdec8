"""``patcher check``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher.cli.common import CLEAN, FOUND, common, deliver, plain, style, use_libclang
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.check.results import Report

FORMATS = ("text", "json", "sarif", "junit")


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
@click.option("--base", metavar="REV", help="What patch files are applied to. Default: HEAD.")
@click.option(
    "--configs", metavar="LIST", multiple=True, help="Configurations, comma-separated; 'auto' is the default."
)
@click.option("--with", "tools", metavar="LIST", default="gcc", show_default=True, help="gcc, clang, sparse.")
@click.option("--trust-tree", is_flag=True, help="Allow the tree's build to run (in a sandbox).")
@click.option("--no-sandbox", is_flag=True, help="Run it with all you may do, where there is no bubblewrap.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes at once. Default: all cores.")
@click.option(
    "--max-users",
    "most",
    type=click.IntRange(0),
    default=64,
    show_default=True,
    metavar="N",
    help="How many files that include a touched header are compiled, for a commit in a configuration.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write there instead.")
@common
def check(
    what: tuple[str, ...], place: Path, base: str | None, configs: tuple[str, ...], tools: str, trust_tree: bool,
    no_sandbox: bool, jobs: int | None, most: int, form: str, output: Path | None, quiet: bool, verbose: bool,
    libclang: str | None,
) -> int:  # fmt: skip
    """Check that each commit of a series applies and compiles, and adds no warning.

    RANGE is A..B, or A for A..HEAD; FILE is a patch or an mbox. Nothing in the tree is changed. Exit code 1 means that
    a commit brings something new, or could not be checked.
    """
    use_libclang(libclang)
    from patcher.check.results import Status

    if not trust_tree:
        raise InputError(
            "compiling runs the tree's own Makefiles and scripts", "say --trust-tree; they are run in a sandbox"
        )
    with tempfile.TemporaryDirectory(prefix="patcher-check-") as scratch:
        found = _checked(what, place, base, configs, tools, not no_sandbox, jobs, most, quiet, Path(scratch))
    deliver(_rendered(found, form, output is None, verbose, quiet), output)
    good = all(cell.status in (Status.PASS, Status.SKIP) for row in found.rows for cell in row.cells)
    return CLEAN if good and not found.findings else FOUND


def _checked(
    what: tuple[str, ...], place: Path, base: str | None, configs: tuple[str, ...], tools: str, sandboxed: bool,
    jobs: int | None, most: int, quiet: bool, scratch: Path,
) -> Report:  # fmt: skip
    import os

    from patcher.cache import Cache
    from patcher.check.compose import with_patches
    from patcher.check.run import Checker, Request, nothing
    from patcher.check.series import given
    from patcher.check.specs import parse
    from patcher.report.progress import Bar, wanted
    from patcher.tree.find import open_repository

    repository = open_repository(place)
    names = tuple(dict.fromkeys(name.strip() for name in tools.split(",") if name.strip()))
    specs = parse(word for word in configs if word != "auto")
    series = given(repository, what, base, scratch)
    bar = Bar() if wanted(quiet) else None
    cache = Cache()
    cores = len(os.sched_getaffinity(0))
    try:
        request = Request(
            series.repository, series.base, series.commits, specs, names, jobs or cores, most, sandboxed,
            str(repository.worktree or repository.directory),
        )  # fmt: skip
        if not series.commits:
            return with_patches(nothing(request), series.applied)
        with Checker(request, cache, bar) as checker:
            return with_patches(checker.run(), series.applied)
    finally:
        cache.close()
        if bar:
            bar.close()


def _rendered(report: Report, form: str, terminal: bool, verbose: bool, quiet: bool) -> str:
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
