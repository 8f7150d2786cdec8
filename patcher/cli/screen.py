"""How results are shown: the options that every command has for it, whether in colour, and how wide."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click

from patcher.report.fold import WIDTH

LEAST = 40  # columns, however narrow the terminal is
_PAGER = f"{__name__}.pager"
_WHEN = {"auto": None, "always": True, "never": False}


def _colour(context: click.Context, _: click.Parameter, when: str | None) -> None:
    if when is not None:
        context.color = _WHEN[when]


def _pager(context: click.Context, _: click.Parameter, asked: bool | None) -> None:
    if asked is not None:
        context.meta[_PAGER] = asked


def options() -> list[click.Option]:
    """The options that every command has on how it is shown. They are no arguments of it."""
    return [
        click.Option(
            ["--color"], type=click.Choice(list(_WHEN)), metavar="WHEN", expose_value=False, callback=_colour,
            help="Use colours: auto (on a terminal; the default), always, never.",
        ),
        click.Option(
            ["--pager/--no-pager"], default=None, expose_value=False, callback=_pager,
            help="On a terminal, show in a pager what is longer than the screen. Default: do.",
        ),
    ]  # fmt: skip


def may_page() -> bool:
    """Whether the pager is wanted at all."""
    context = click.get_current_context(silent=True)
    return is_terminal() and os.environ.get("TERM") != "dumb" and (context is None or context.meta.get(_PAGER, True))


def may_show_progress() -> bool:
    """Whether standard error is a terminal on which a line can be drawn anew."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def is_terminal() -> bool:
    """Whether standard output is one."""
    return sys.stdout is not None and sys.stdout.isatty()


def coloured(output: Path | None = None) -> bool:
    """Whether text for ``output`` (standard output, if None) gets colours.

    What --color says goes first, then NO_COLOR (no-color.org), FORCE_COLOR (force-color.org), and the terminal.
    """
    context = click.get_current_context(silent=True)
    if context is not None and context.color is not None:
        return context.color
    if output is not None or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (is_terminal() and os.environ.get("TERM") != "dumb")


def style(output: Path | None = None) -> Callable[..., str]:
    """``style(text, fg=…, bold=…)``: the text in colours, or as it is where there are to be none."""
    return click.style if coloured(output) else plain


def plain(text: str, **_: object) -> str:
    """Text without colour."""
    return text


def width(output: Path | None = None) -> int:
    """The columns that text for ``output`` (standard output, if None) has: the terminal's, else always as many."""
    if output is not None or not is_terminal():
        return WIDTH
    return max(LEAST, shutil.get_terminal_size((WIDTH, 24)).columns)
