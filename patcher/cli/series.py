"""``patcher series``: list and show the series."""

from __future__ import annotations

from pathlib import Path

import click

from patcher.cli.command import Group
from patcher.cli.common import CLEAN, PATH, deliver
from patcher.cli.screen import width


@click.group(cls=Group)
def series() -> None:
    """The series that can be planned for."""


@series.command("list")
def series_list() -> int:
    """One line a series."""
    from patcher.report.fold import fitted
    from patcher.series.load import load, names

    lines = []
    for name in names():
        found = load(name)
        steps = f"{len(found.step)} steps" if len(found.step) > 1 else "1 step"
        lines.append(f"{name:12}  {found.summary} ({steps})")
    deliver(fitted(lines, width()), None)
    return CLEAN


@series.command("new")
@click.argument("directory", metavar="DIR", type=PATH)
@click.option("--cocci", metavar="FILE", type=PATH, help="A semantic patch to begin with. Default: an example.")
def series_new(directory: Path, cocci: Path | None) -> int:
    """Write a series of one step into a new folder DIR, to be filled in."""
    from patcher.series.skeleton import write

    made = write(directory, cocci)
    click.echo("\n".join(f"{directory / name}" for name in made))
    click.echo(f"next: edit them, then: patcher plan --series-dir {directory} --tree …")
    return CLEAN


@series.command("show")
@click.argument("name")
@click.option("--series-dir", metavar="DIR", type=PATH, help="A series folder of your own.")
def series_show(name: str, series_dir: Path | None) -> int:
    """The steps of a series, and what tells that a tree has them."""
    from patcher.report.rules_text import series_page
    from patcher.series.load import load

    deliver(series_page(load(name, series_dir), width()), None)
    return CLEAN
