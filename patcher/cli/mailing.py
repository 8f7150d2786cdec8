"""The options of a series that is to be mailed, named as git format-patch and b4 name them."""

from __future__ import annotations

import functools
from typing import Any

import click

from patcher.cli.common import Command

_NAMES = ("subject_prefix", "rfc", "version", "in_reply_to", "to", "cc", "auto", "base", "change_id", "b4")
_OPTIONS = (
    click.option("--to", metavar="PERSON", multiple=True, help="Write to them, too: Name <address>."),
    click.option("--cc", metavar="PERSON", multiple=True, help="With a copy to them, too."),
    click.option(
        "--auto-to-cc/--no-auto-to-cc", "auto", default=True, show_default=True,
        help="Write to those whom MAINTAINERS names for each patch.",
    ),
    click.option("--subject-prefix", metavar="TEXT", default="PATCH", show_default=True,
                 help="What subjects begin with, in brackets: 'PATCH net-next'."),
    click.option("--rfc", is_flag=True, help="Begin subjects with [RFC PATCH]."),
    click.option("-v", "--reroll-count", "version", metavar="N", type=click.IntRange(1, 999),
                 help="Mark the series as version N. Default: 1, or the one after --since."),
    click.option("--in-reply-to", metavar="ID", default="", help="Answer the mail with this Message-ID."),
    click.option("--base", metavar="REV", default="",
                 help="The public commit that REV stands on; what lies between is told as prerequisites."),
    click.option("--change-id", metavar="ID", default="", help="That of the last version; else a new one is made."),
    click.option("--b4", is_flag=True, help="Make a branch that b4 prep and b4 send work on. Default: b4/SERIES."),
)  # fmt: skip


_SPLITS = ("one", "file", "driver", "subsystem")
_PARTING = (
    click.option("--split", type=click.Choice(_SPLITS), default=None,
                 help="What becomes one patch of what a step changes. Default: what the series says, or one."),
    click.option("--limit", metavar="N", type=click.IntRange(0), default=None, help="The most patches of one series."),
    click.option("--by-tree/--no-by-tree", default=None, help="Make a series for each tree that takes the patches."),
)  # fmt: skip


def parting(command: Command) -> Command:
    """Give a command the options on what becomes a patch and what a series."""
    for option in reversed(_PARTING):
        command = option(command)
    return command


def mailing(command: Command) -> Command:
    """Give a command these options, as one argument ``mailing``."""

    @functools.wraps(command)
    def called(**given: Any) -> Any:
        from patcher.generate.mailing import mailing as checked

        return command(mailing=checked(**{name: given.pop(name) for name in _NAMES}), **given)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called  # type: ignore[return-value]
