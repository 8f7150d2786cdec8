"""The series that the user named, or the semantic patch that stands for one: plan and apply."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from patcher.cli.common import PATH
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.plan.request import Request

DEFAULT = "identity"
Command = TypeVar("Command", bound=Callable[..., Any])


class Named(NamedTuple):
    """``series`` and ``folder``: a series, and where it is if it is the user's own. ``cocci``: a semantic patch
    instead, with the paths it may change, paragraphs of its message, and a header that changed files include."""

    series: str | None
    folder: Path | None
    cocci: Path | None = None
    paths: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    include: str = ""


def cocci_options(command: Command) -> Command:
    options = (
        click.argument("paths", nargs=-1, metavar="[-- PATH…]"),
        click.option(
            "--cocci",
            metavar="FILE",
            type=PATH,
            help="A semantic patch instead of a series: what it changes in PATH, or in all.",
        ),
        click.option("--include", metavar="HEADER", default="", help="With --cocci: what changed files must include."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def request(
    named: Named, profile: str = "", build: Path | None = None, scope: str | None = "", rules: Path | None = None
) -> Request:
    """What to plan. Raises InputError where it contradicts itself, or is of no use."""
    from patcher.plan import session

    if named.cocci is None:
        if named.message or named.include:
            raise InputError("--message and --include go with --cocci", "add it, or leave them away")
        series = named.series or (named.folder.name if named.folder else DEFAULT)
        return session.request(series, named.folder, profile, build, scope, rules, named.paths)
    if named.series or named.folder or scope or rules:
        raise InputError("--cocci and a series or its rules contradict each other", "give one of the two")
    return session.of_semantic_patch(named.cocci, named.paths, named.message, named.include, profile, build)


def requests(named: Named, scope: str | None = "") -> tuple[Request, ...]:
    """The same, where several series may be named, in the order in which they go on a tree: A,B."""
    names = [name.strip() for name in (named.series or "").split(",")]
    if len(names) == 1:
        return (request(named, scope=scope),)
    if named.folder:
        raise InputError("--series-dir is one series", "give --series one name, or none")
    if len(set(names)) < len(names):
        raise InputError(f"--series {named.series} names a series twice", "name each once")
    return tuple(request(named._replace(series=name), scope=scope) for name in names)
