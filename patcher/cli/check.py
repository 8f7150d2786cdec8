"""``patcher check``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher.cli.booting import booting
from patcher.cli.command import Command
from patcher.cli.common import CLEAN, FOUND, PATH, begin, common, deliver, fail_on, open_place, use_libclang, working
from patcher.cli.elsewhere import elsewhere, on_machines
from patcher.cli.screen import style, width
from patcher.cli.sofar import so_far
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.check.results import Report

FORMATS = ("text", "json", "sarif", "junit", "html")


@click.command(cls=Command)
@click.argument("what", nargs=-1, metavar="[VAR=VALUE…] [RANGE | FILE…]")
@click.option(
    "--tree", "place", default=".", metavar="DIR", type=PATH,
    help="Kernel tree: a git repository (bare or not) or a worktree. Default: here.",
)  # fmt: skip
@click.option("--series", metavar="NAME", help="Check the series of that name, generated for the tree; several: A,B.")
@click.option("--base", metavar="REV", help="What patches and series are put on. Default: HEAD.")
@click.option(
    "--configs", metavar="LIST", multiple=True, help="Configurations, comma-separated; 'auto' is the default."
)
@click.option(
    "--seed", type=click.IntRange(0, 999_999_999), default=1, show_default=True, metavar="N",
    help="The first seed of --configs randconfig:COUNT.",
)  # fmt: skip
@click.option(
    "--with", "tools", metavar="LIST", default="",
    help="gcc, clang, W=1, W=2, modpost, sparse, smatch, kernel-doc, dt, rst, comma-separated. "
    "Default: gcc, or what LLVM=1 and W=1 say.",
)  # fmt: skip
@click.option("--lint", is_flag=True, help="Lint each commit, too.")
@click.option("--prove", is_flag=True, help="Run the P2M code of each commit against the scheme, too.")
@click.option("--boot", is_flag=True, help="Boot the base and the last commit in QEMU, too.")
@click.option("--trust-tree", is_flag=True, help="Allow the tree's build to run (in a sandbox).")
@click.option("--no-sandbox", is_flag=True, help="Run it with all you may do, where there is no bubblewrap.")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes at once. Default: all cores.")
@click.option(
    "--max-users", "most", type=click.IntRange(0, 1_000_000), default=64, show_default=True, metavar="N",
    help="How many files that include a touched header are compiled, for a commit in a configuration.",
)  # fmt: skip
@on_machines
@fail_on
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=PATH, help="Write there instead.")
@common
def check(
    what: tuple[str, ...], place: Path, series: str | None, base: str | None, configs: tuple[str, ...], seed: int,
    tools: str, lint: bool, prove: bool, boot: bool, trust_tree: bool, no_sandbox: bool, jobs: int | None, most: int,
    fail_on: str | None, on: str | None, form: str, output: Path | None, quiet: bool, verbose: bool,
    libclang: str | None,
) -> int:  # fmt: skip
    """Check that each commit of a series applies and compiles, and adds no warning.

    RANGE is A..B, A for A..HEAD, or -3 for the last three commits; FILE is a patch, an mbox or a directory of patches.
    Without: the commits of upstream..HEAD. VAR is one of ARCH, CROSS_COMPILE, LLVM and W, here or in the environment,
    as for make. Nothing in the tree is changed. Exit code 1 means that a commit brings something new, or could not be
    checked; with --fail-on error, new warnings are told and do not count.
    """
    begin(quiet)
    use_libclang(libclang)
    from patcher.check import session
    from patcher.check.run import Means, Options
    from patcher.check.variables import parted, variables

    what, given = parted(what)
    make = variables(given, os.environ)
    options = Options(trust_tree, configs, tools, make, lint, prove, not no_sandbox, jobs or 0, most, seed)
    with so_far(quiet=quiet) as meanwhile, working(quiet) as (cache, bar), elsewhere(on) as machines:
        if series is None:
            others = [booting(place, (), trust_tree, cache, bar)] if boot else []
            report = session.check(what, base, place, options, Means(cache, bar, others, machines, meanwhile))
        else:
            from patcher.cli.asked import Named, requests
            from patcher.generate import pipeline
            from patcher.tree.find import open_repository

            open_repository(place)
            if what:
                raise InputError("--series and a range or patches contradict each other", "give one of them")
            tree = open_place(place, base, False)
            asked = requests(Named(series, None))
            others = [booting(place, asked, trust_tree, cache, bar)] if boot else []
            report = pipeline.check(tree, asked, options, place, Means(cache, bar, others, machines, meanwhile))
    deliver(_shown(report, form, output, verbose, quiet), output)
    return CLEAN if session.passed(report, fail_on or "warning") else FOUND


def _shown(report: Report, form: str, output: Path | None, verbose: bool, quiet: bool) -> str:
    from patcher.about import tool

    if form == "json":
        from patcher.report.check_json import check_json

        return check_json(report, tool())
    if form == "sarif":
        from patcher.report.check_sarif import check_sarif

        return check_sarif(report, tool())
    if form == "junit":
        from patcher.report.check_junit import check_junit

        return check_junit(report)
    if form == "html":
        from patcher.report.html.check import check_html

        return check_html(report, tool())
    from patcher.report.check_text import check_text

    return check_text(report, style(output), verbose=verbose, quiet=quiet, width=width(output))
