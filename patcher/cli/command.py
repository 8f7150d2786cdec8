"""What every command takes, beside options of its own: -C, and -N where it takes a range; before its name or behind."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from patcher.cli import screen
from patcher.cli.complete import completed
from patcher.cli.settings import Configured, said
from patcher.errors import InputError
from patcher.escape import safe
from patcher.files import exists

_COUNT = re.compile(r"-\d+")
_SHORT = re.compile(r"-[A-Za-z]+")
_RANGES = ("what", "span")  # parameters that are a range, or may be


def _go_to(context: click.Context, _parameter: click.Parameter, places: tuple[str, ...]) -> None:
    """Change to each directory in turn, as git's -C does: relative ones begin at the one before, "" stays."""
    for place in filter(None, places):
        try:
            os.chdir(place)
        except (OSError, ValueError) as error:
            if not context.resilient_parsing:
                why = getattr(error, "strerror", None) or error
                raise InputError(f"-C: cannot change to {place} ({why})", "name a directory") from error


def _shared() -> list[click.Option]:
    return [
        click.Option(
            ["-C", "places"], metavar="DIR", multiple=True, is_eager=True, expose_value=False, callback=_go_to,
            help="Run as if started in DIR.",
        ),
        *screen.options(),
    ]  # fmt: skip


class _Count(click.Option):
    """--max-count, which is shown with its short form, as that is none that click knows."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """What help says of it."""
        return "-N, --max-count N", self.help or ""


class Command(click.Command):
    """A command that also has the options that all have, and defaults from ``git config patcher.*``. ``reports``: it
    has a report that tells which of them hold."""

    def __init__(self, *args: Any, reports: bool = False, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._reports = reports
        for each in self.params:
            each.type = completed(self.name, each)
            if "--tree" in each.opts:
                each.is_eager = True  # the others' defaults are those of the tree
        self._range = next((each.name for each in self.params if each.name in _RANGES), None)
        if self._range:
            self.params.append(
                _Count(
                    ["--max-count", "newest"], metavar="N", type=click.IntRange(1, 10**6),
                    help="The newest N commits, of HEAD or of the range: -1, -3.",
                )
            )  # fmt: skip
        self.params += _shared()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, where -N is no option that click could know."""
        if self._range:
            args = list(self._understood(args))
        ctx.default_map = Configured(ctx, args)
        rest = super().parse_args(ctx, args)
        if self._range and (newest := ctx.params.pop("newest", None)):
            ctx.params[self._range] = _counted(newest, ctx.params[self._range])
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """As click does. What a repository sets is told first, and what is not heeded."""
        for each in () if self._reports else said(ctx):
            if not each.own or not each.heeded:
                click.echo(f"patcher: {safe(each.line)}", err=True)
        return super().invoke(ctx)

    def get_help(self, ctx: click.Context) -> str:
        """As click does, with the defaults that everybody has."""
        ctx.default_map = None
        return super().get_help(ctx)

    def _understood(self, args: Sequence[str]) -> Iterator[str]:
        """The arguments, -N among them written as click can read it."""
        options = [each for each in self.params if isinstance(each, click.Option)]
        valued = {name for each in options if not each.is_flag and not each.count for name in each.opts}
        before = ""
        for number, word in enumerate(args):
            if word == "--":
                yield from args[number:]
                return
            of_option = before in valued or (_SHORT.fullmatch(before) and f"-{before[-1]}" in valued)
            yield f"--max-count={word[1:]}" if _COUNT.fullmatch(word) and not of_option else word
            before = "" if of_option else word


class Group(click.Group):
    """A group that also has the options that all have, and whose commands do."""

    command_class = Command

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += _shared()


def _counted(newest: int, given: tuple[str, ...] | str | None) -> tuple[str, ...] | str:
    """A count and a range as one word, as ``patcher.tree.revisions`` reads it. Raises InputError for files."""
    words = given if isinstance(given, tuple) else filter(None, (given,))
    several = [word for word in words if word]
    if len(several) > 1 or any(exists(Path(word)) for word in several):
        raise InputError(f"-{newest} counts commits", "give one range beside it, or none, and no files")
    counted = " ".join((f"-{newest}", *several))
    return (counted,) if isinstance(given, tuple) else counted
