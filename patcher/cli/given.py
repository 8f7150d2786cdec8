"""The options of a call, as words that give the same again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

_NOT_GIVEN = (None, ParameterSource.DEFAULT)
_NOT_OF_IT = ("quiet", "verbose", "libclang")  # how it is told, and with what


def given(context: click.Context, leave: Collection[str]) -> tuple[str, ...]:
    """What the user or git's configuration has set, but for parameters of the names to ``leave``; arguments are last.
    A path that leads elsewhere is named without its directories: those are the reader's own."""
    words: list[str] = []
    arguments: list[str] = []
    for each in context.command.params:
        name = each.name or ""
        if not each.expose_value or name in (*leave, *_NOT_OF_IT):
            continue
        if context.get_parameter_source(name) in _NOT_GIVEN or name not in context.params:
            continue
        values = context.params[name] if each.multiple or each.nargs != 1 else (context.params[name],)
        if isinstance(each, click.Option):
            words += [word for value in values for word in _words(each, value)]
        else:
            arguments += [_text(value) for value in values]
    return (*words, *(("--", *arguments) if arguments else ()))


def _words(option: click.Option, value: Any) -> Iterator[str]:
    named = option.opts if value is not False else option.secondary_opts
    if named:  # a flag without a --no- that is off says nothing
        yield max(named, key=len)
        if not option.is_flag:
            yield _text(value)


def _text(value: Any) -> str:
    return value.name if isinstance(value, Path) and value.is_absolute() else str(value)
