"""What is configured, and what can be, as text and as a page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Protocol

from patcher.escape import safe
from patcher.lint.model import Default

_WIDTH = 79


class Option(Protocol):
    """An option with a default of its own: see ``patcher.cli.settings.Listed``."""

    @property
    def name(self) -> str: ...
    @property
    def option(self) -> str: ...
    @property
    def commands(self) -> tuple[str, ...]: ...
    @property
    def own(self) -> bool: ...
    @property
    def help(self) -> str: ...


def config_text(found: Sequence[Default]) -> str:
    """A line for each value that is set."""
    if not found:
        return "nothing is set; 'patcher config --list-options' shows what can be\n"
    return "".join(f"{safe(each.line)}\n" for each in found)


def options_text(options: Sequence[Option]) -> str:
    """What can be set by ``git config``, for a terminal of 80 columns."""
    lines = ["git config [--global] NAME VALUE; (*) only with --global", ""]
    for each in options:
        lines.append(f"patcher.{each.name}{' (*)' if each.own else ''}")
        text = f"{each.option} of {_commands(each)}. {_said(each)}"
        lines += textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def options_table(options: Sequence[Option]) -> Iterator[str]:
    """The same for the documentation, line by line."""
    yield "| `git config` | option | of | what it says |\n| --- | --- | --- | --- |"
    for each in options:
        own = " \\*" if each.own else ""
        text = _said(each).replace("|", "\\|").replace("<", "&lt;")
        yield f"| `patcher.{each.name}`{own} | `{each.option}` | {_commands(each)} | {text} |"


def _commands(option: Option) -> str:
    *most, last = (each.replace(".", " ") for each in option.commands)
    return f"{', '.join(most)} and {last}" if most else last


def _said(option: Option) -> str:
    """What the option's help says; of a name that is short for others, that."""
    if "." in option.name or len(option.commands) > 4:
        return option.help
    return f"Short for {_commands_names(option)}."


def _commands_names(option: Option) -> str:
    return ", ".join(f"patcher.{command}.{option.name}" for command in option.commands)
