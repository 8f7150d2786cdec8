"""``patcher sweep``."""

from __future__ import annotations

from pathlib import Path

import click

from patcher.cli.asked import DEFAULT
from patcher.cli.command import Command
from patcher.cli.common import CLEAN, FOUND, PATH, begin, common, deliver, use_libclang, working
from patcher.cli.elsewhere import elsewhere, on_machines
from patcher.cli.screen import style, width


@click.command(cls=Command)
@click.argument("span", required=False, metavar="[RANGE]")
@click.option(
    "--tree", "place", default=".", metavar="DIR", type=PATH,
    help="Kernel tree: a git repository, bare or not. Default: here.",
)  # fmt: skip
@click.option("--path", "paths", metavar="PATH", multiple=True,
              help="Only commits that touch this. Default: where the series makes its changes.")  # fmt: skip
@click.option("--series", default=DEFAULT, show_default=True, metavar="NAME", help="Which series to try.")
@click.option("--prove", "examples", metavar="N", type=click.IntRange(1, 100_000),
              help="Prove tree and result, too, with N cases for each property.")  # fmt: skip
@click.option("-j", "--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes at once. Default: all cores.")
@on_machines
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=PATH, help="Write there instead.")
@common
def sweep(
    span: str | None, place: Path, paths: tuple[str, ...], series: str, examples: int | None, jobs: int | None,
    on: str | None, form: str, output: Path | None, quiet: bool, verbose: bool, libclang: str | None,
) -> int:  # fmt: skip
    """Try a series on each commit of a range.

    Plans and applies it, in memory, on A of a range A..B and on the commits of it that touch the paths, merges
    included. Plan and apply agree where apply makes a patch of each step that plan calls needed, or refuses with plan's
    reason. With --prove, what fails in the result and not in the tree is told.

    What was tried is not tried again. Nothing is written to the tree. Exit code 1: plan and apply disagree somewhere,
    a property is lost, or a commit could not be tried.
    """
    begin(quiet)
    use_libclang(libclang)
    from patcher.cluster.here import Here
    from patcher.source.workers import cores
    from patcher.sweep import session

    asked = session.Asked(place, span, paths, series, examples or 0)
    with working(quiet) as (cache, bar), elsewhere(on) as machines:
        found = session.sweep(asked, cache, machines or Here(jobs or cores(), cache), bar)
    if form == "json":
        from patcher.about import tool
        from patcher.report.sweep_json import sweep_json

        deliver(sweep_json(found, tool()), output)
    else:
        from patcher.report.sweep_text import sweep_text

        deliver(sweep_text(found, style(output), verbose=verbose, quiet=quiet, width=width(output)), output)
    return FOUND if session.needs_attention(found) else CLEAN
