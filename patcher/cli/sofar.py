"""What ``patcher check`` writes to standard error while it is at work, and when it is interrupted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from patcher.cli.screen import may_show_progress, plain
from patcher.escape import safe

if TYPE_CHECKING:
    from patcher.check.meanwhile import Meanwhile

_ERASE = "\r\x1b[K"  # the line of progress, which is drawn anew


@contextlib.contextmanager
def so_far(*, quiet: bool) -> Iterator[Meanwhile]:
    """Who hears of a check. Where that is interrupted, what it knows by then is told: standard output has the whole, or
    nothing."""
    from patcher.check.meanwhile import Meanwhile
    from patcher.report.check_text import check_text  # now, as there is no time for that later

    def tell(line: str) -> None:
        if not quiet:
            click.echo(f"{_ERASE if may_show_progress() else ''}patcher: {safe(line)}", err=True)

    heard = Meanwhile(tell)
    try:
        yield heard
    except (KeyboardInterrupt, SystemExit):
        if report := heard.report():
            click.echo("patcher: interrupted, so this is not all of it:", err=True)
            click.echo(check_text(report, plain, quiet=True), nl=False, err=True)
        raise
