"""``patcher report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher.cli.command import Command
from patcher.cli.common import CLEAN, FOUND, PATH, begin, common, deliver, fail_on, open_place, use_libclang, working
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.story.model import Story

_FILE = Path("patcher-report.html")


@click.command(cls=Command)
@click.argument("what", nargs=-1, metavar="[RANGE | FILE…]")
@click.option(
    "--tree", "place", default=".", metavar="DIR", type=PATH,
    help="Kernel tree: a git repository (bare or not) or a worktree. Default: here.",
)  # fmt: skip
@click.option("--series", metavar="NAME", help="The series of that name, generated for the tree; several: A,B.")
@click.option("--base", metavar="REV", help="What patches and series are put on. Default: HEAD.")
@click.option("--lint/--no-lint", default=True, show_default=True, help="Lint each commit.")
@click.option("--prove/--no-prove", default=True, show_default=True, help="Run the P2M code of each commit.")
@click.option("--examples", type=click.IntRange(1, 100_000), default=30, show_default=True,
              help="With --prove: cases to try for each property.")  # fmt: skip
@click.option("--e820", "map_file", metavar="FILE", type=PATH,
              help="With --prove: the machine whose P2M is drawn (dmesg). Default: an example, a laptop.")  # fmt: skip
@click.option("--trust-tree", is_flag=True, help="Compile each commit, too: the tree's build runs (in a sandbox).")
@click.option("--configs", metavar="LIST", multiple=True, help="With --trust-tree: as in patcher check.")
@click.option("-o", "--output", metavar="FILE", type=PATH, default=_FILE, show_default=True,
              help="Write there; - is standard output.")  # fmt: skip
@fail_on
@common
def report(
    what: tuple[str, ...], place: Path, series: str | None, base: str | None, lint: bool, prove: bool, examples: int,
    map_file: Path | None, trust_tree: bool, configs: tuple[str, ...], output: Path, fail_on: str | None,
    quiet: bool, verbose: bool, libclang: str | None,
) -> int:  # fmt: skip
    """Tell all of a series in one HTML file, to be opened and sent: patches, checks, findings, what was not looked at.

    RANGE is A..B, or A for A..HEAD; FILE is a patch, an mbox or a directory of patches; without either, upstream..HEAD.
    What needs no trust in the tree is run; what is not run is in the report, too. Exit code 1 means that something
    speaks against the series.
    """
    begin(quiet)
    use_libclang(libclang)
    from patcher.check.run import Options
    from patcher.check.session import passed
    from patcher.prove.e820 import read
    from patcher.prove.pictures import Machine
    from patcher.report.html.check import verdict
    from patcher.report.html.story import line
    from patcher.story import collect

    if configs and not trust_tree:
        raise InputError("--configs is for compiling, and that runs the tree's build", "add --trust-tree")
    if what and series is not None:
        raise InputError("--series and a range or patches contradict each other", "give one of them")
    machine = Machine("x86_64", read(map_file), map_file.name) if map_file else collect.LAPTOP
    wanted = collect.Wanted(Options(True, configs) if trust_tree else None, lint, prove, examples, machine)
    with working(quiet) as (cache, bar):
        if series is None:
            told = collect.of_commits(what, base, place, wanted, cache, bar)
        else:
            from patcher.cli.asked import Named, requests

            asked = requests(Named(series, None), scope=None)  # with the places that the first scope has
            told = collect.of_series(open_place(place, base, False), asked, place, wanted, cache, bar)
    write(told, output)
    if not quiet and str(output) != "-":
        click.echo(f"{output}: {verdict(told.report).word}, {line(told)}")
    return CLEAN if passed(told.report, fail_on or "warning") else FOUND


def write(told: Story, output: Path) -> None:
    """The story into a file, or, for ``-``, to standard output."""
    from patcher.about import lines, tool
    from patcher.report.html.story import story_html

    deliver(story_html(told, tool(), lines()), None if str(output) == "-" else output)
