"""``patcher series``: list and show the series."""

from __future__ import annotations

from pathlib import Path

import click

from patcher.cli.common import CLEAN, PATH, deliver


@click.group()
def series() -> None:
    """The series that can be planned for."""


@series.command("list")
def series_list() -> int:
    """One line a series."""
    from patcher.series.load import load, names

    for name in names():
        click.echo(f"{name:12} {load(name).title} ({len(load(name).step)} steps)")
    return CLEAN


@series.command("show")
@click.argument("name")
@click.option("--series-dir", metavar="DIR", type=PATH, help="A series folder of your own.")
def series_show(name: str, series_dir: Path | None) -> int:
    """The steps of a series, and what tells that a tree has them."""
    from patcher.report.rules_text import series_page
    from patcher.series.load import load

    deliver(series_page(load(name, series_dir)), None)
    return CLEAN
