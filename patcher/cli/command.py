"""What every command takes beside options of its own, before its name or behind: -C, --debug, and -N for a range."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from patcher import debug
from patcher.cli import screen
from patcher.cli.complete import completed
from patcher.cli.settings import Configured, said
from patcher.errors import InputError
from patcher.escape import safe
from patcher.files import exists

_COUNT = re.compile(r"-\d+")
_SHORT = re.compile(r"-[A-Za-z]+")
COMPLETE = "_PATCHER_COMPLETE"  # the variable by which a shell asks for completions
_VARIABLE = re.compile(r"[A-Za-z_]\w*=")  # of make's, which check takes, too
_LOG = f"{__name__}.log"  # of a context: the file that --debug names
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


class _Shown(click.Option):
    """An option that is written as click has no notion of: ``shown`` is what help says of it."""

    def __init__(self, *args: Any, shown: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._shown = shown

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """What help says of it."""
        return self._shown, self.help or ""


def _want_log(context: click.Context, _parameter: click.Parameter, file: str | None) -> None:
    if file is not None and not context.resilient_parsing:
        context.meta[_LOG] = file


def _shared() -> list[click.Option]:
    return [
        click.Option(
            ["-C", "places"], metavar="DIR", multiple=True, is_eager=True, expose_value=False, callback=_go_to,
            help="Run as if started in DIR.",
        ),
        *screen.options(),
        _Shown(
            ["--debug"], shown="--debug[=FILE]", is_eager=True, expose_value=False, callback=_want_log,
            help="Write a log for a bug report, without names and paths of yours.",
        ),
    ]  # fmt: skip


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
                _Shown(
                    ["--max-count", "newest"], shown="-N, --max-count N", type=click.IntRange(1, 10**6),
                    help="The newest N commits, of HEAD or of the range: -1, -3.",
                )
            )  # fmt: skip
        self.params += _shared()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, where -N and --debug alone are no options that click could know."""
        args = list(self._understood(args))
        ctx.default_map = Configured(ctx, args)
        try:
            rest = super().parse_args(ctx, args)
        finally:
            if _LOG in ctx.meta:
                from patcher.cli.log import begin

                begin(ctx.meta[_LOG], ctx.params.get("place") or ctx.params.get("tree"))
        if self._range and (newest := ctx.params.pop("newest", None)):
            ctx.params[self._range] = _counted(newest, ctx.params[self._range])
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """As click does. What a repository sets is told first, and what is not heeded."""
        for each in said(ctx):
            debug.note("setting: %s", each.line)
            if not self._reports and (not each.own or not each.heeded):
                click.echo(f"patcher: {safe(each.line)}", err=True)
        return super().invoke(ctx)

    def get_help(self, ctx: click.Context) -> str:
        """As click does, with the defaults that everybody has."""
        ctx.default_map = None
        return super().get_help(ctx)

    def _understood(self, args: Sequence[str]) -> Iterator[str]:
        """The arguments, with -N and --debug written as click can read them."""
        options = [each for each in self.params if isinstance(each, click.Option)]
        valued = {name for each in options if not each.is_flag and not each.count for name in each.opts}
        before = ""
        for number, word in enumerate(args):
            if word == "--":
                yield from args[number:]
                return
            of_option = before in valued or (_SHORT.fullmatch(before) and f"-{before[-1]}" in valued)
            if self._range and _COUNT.fullmatch(word) and not of_option:
                yield f"--max-count={word[1:]}"
            else:
                yield f"{word}=" if word == "--debug" and not of_option else word
            before = "" if of_option or word == "--debug" else word


class Commands(MutableMapping[str, click.Command]):
    """Commands by name, each loaded when it is asked for: a call needs one of them."""

    def __init__(self, places: Mapping[str, str]) -> None:
        """``places``: for each the module of ``patcher.cli``, a colon, and its name there."""
        self._places = places
        self._loaded: dict[str, click.Command | None] = dict.fromkeys(places)

    def __getitem__(self, name: str) -> click.Command:
        found = self._loaded[name]
        if found is None:
            module, _, attribute = self._places[name].partition(":")
            found = self._loaded[name] = getattr(import_module(f"patcher.cli.{module}"), attribute)
        return found

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)

    def __contains__(self, name: object) -> bool:
        return name in self._loaded


class Group(click.Group):
    """A group that also has the options that all have, and whose commands do."""

    command_class = Command

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += _shared()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with --debug alone, before the name of a command, as it is there."""
        at = args.index("--debug") if "--debug" in args else len(args)
        if all(word.startswith("-") or before == "-C" for before, word in pairwise(["", *args[:at]])):
            args = [*args[:at], *(f"{word}=" for word in args[at : at + 1]), *args[at + 1 :]]
        return super().parse_args(ctx, args)


def _counted(newest: int, given: tuple[str, ...] | str | None) -> tuple[str, ...] | str:
    """A count and a range as one word, as ``patcher.tree.revisions`` reads it. Raises InputError for files."""
    words = given if isinstance(given, tuple) else filter(None, (given,))
    variables: list[str] = []
    several: list[str] = []
    for word in filter(None, words):
        (variables if _VARIABLE.match(word) else several).append(word)
    if len(several) > 1 or any(exists(Path(word)) for word in several):
        raise InputError(f"-{newest} counts commits", "give one range beside it, or none, and no files")
    counted = " ".join((f"-{newest}", *several))
    return (*variables, counted) if isinstance(given, tuple) else counted
