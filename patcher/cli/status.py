"""``patcher status``."""

from __future__ import annotations

from pathlib import Path

import click

from patcher.cli.asked import Named, cocci_options, request
from patcher.cli.command import Command
from patcher.cli.common import CLEAN, FOUND, PATH, begin, common, deliver, fail_on, open_place, use_libclang, working
from patcher.cli.mailing import parting
from patcher.cli.screen import width


@click.command(cls=Command)
@click.option("--series", metavar="NAME", help="Which series. Default: identity.")
@click.option("--series-dir", metavar="DIR", type=PATH, help="A series folder of your own.")
@cocci_options
@click.option(
    "--tree", "place", default=".", metavar="DIR", type=PATH,
    help="Kernel tree: a git repository, bare or not, or unpacked sources. Default: here.",
)  # fmt: skip
@click.option("--rev", metavar="REV", help="Revision to look at. Default: HEAD.")
@click.option("--since", metavar="OLD", multiple=True,
              help="What was sent: a branch, a range, or its mails. Else messages of commits are asked.")  # fmt: skip
@parting
@fail_on
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=PATH, help="Write there instead.")
@common
def status(
    paths: tuple[str, ...], series: str | None, series_dir: Path | None, cocci: Path | None, include: str,
    place: Path, rev: str | None, since: tuple[str, ...], split: str | None, limit: int | None, by_tree: bool | None,
    fail_on: str | None, form: str, output: Path | None, quiet: bool, verbose: bool, libclang: str | None,
) -> int:  # fmt: skip
    """Tell how each patch of a series stands to a tree.

    \b
    landed       a commit of the tree made the change, and how that is known
    needed       patcher apply would make it
    conflicting  the tree needs it, and it cannot be made: what is in the way
    gone         nothing of it is left to do, and no commit is known for it

    Reads the tree and changes nothing. Exit code 1 means that the series does not fit the tree, or that a finding is
    undecided and a person must look. With --fail-on error the latter does not count; with note, a needed patch does.
    """
    begin(quiet)
    use_libclang(libclang)
    from patcher.generate.series import asked as parted
    from patcher.generate.status import status as found_in

    tree = open_place(place, rev, False)
    asked = request(Named(series, series_dir, cocci, paths, include=include))
    asked = asked._replace(series=parted(asked.series, split or "", limit, by_tree))
    with working(quiet) as (cache, bar):
        found = found_in(tree, asked, since, cache, bar, fail_on or "warning")
    if form == "json":
        from patcher.about import tool
        from patcher.report.status_json import status_json

        deliver(status_json(found, tool()), output)
    else:
        from patcher.report.status_text import status_text

        deliver(status_text(found, quiet=quiet, verbose=verbose, width=width(output)), output)
    return FOUND if found.attention else CLEAN
