"""``patcher bug``: what a bug report needs to know of the machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from patcher.cli.command import Command
from patcher.cli.common import CLEAN, PATH, deliver
from patcher.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command(cls=Command, reports=True)
@click.option(
    "--tree", "place", default=".", metavar="DIR", type=PATH, help="Whose configuration counts. Default: here."
)
def bug(place: Path) -> int:
    """Show versions and configuration for a bug report, ready to paste.

    Names, addresses and paths of yours are left out, and so is the environment but for what may be why. Read it before
    you send it. What a command did is in the log that --debug writes.
    """
    from patcher.cli.log import places
    from patcher.redact import redactor

    redacted = redactor(places(place))
    deliver("".join(f"{redacted(line)}\n" for line in _lines(place)), None)
    return CLEAN


def _lines(place: Path) -> Iterator[str]:
    from patcher import confine, debug
    from patcher.about import lines, programs
    from patcher.sandbox import gaps, tried

    yield from lines()
    yield from programs()
    yield from _machine()
    way, why = confine.best()
    yield f"files of a tree are read in: {way.value}{f' ({why})' if why else ''}"
    sandbox = tried()
    yield f"sandbox: {sandbox if isinstance(sandbox, str) else '; '.join(('works', *gaps()))}"
    yield from _terminal()
    given = [f"{name}={os.environ[name]}" for name in debug.ENVIRONMENT if name in os.environ]
    yield f"environment: {', '.join(given) or 'nothing that counts'}"
    yield from _configuration(place)


def _machine() -> Iterator[str]:
    import platform

    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        system = ""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    size = f"{os.cpu_count()} CPUs, {memory} GiB"
    yield f"Linux {platform.release()} {platform.machine()}, {system or 'no os-release'}; {size}"


def _terminal() -> Iterator[str]:
    streams = (("input", sys.stdin), ("output", sys.stdout), ("error", sys.stderr))
    shown = [f"{name} {'is one' if stream and stream.isatty() else 'is none'}" for name, stream in streams]
    encoding = sys.stdout.encoding if sys.stdout else "none"
    yield f"terminal: {os.environ.get('TERM', 'TERM is not set')}; {', '.join(shown)}; {encoding}"


def _configuration(place: Path) -> Iterator[str]:
    from patcher.cli.settings import judged
    from patcher.report.config_text import config_text
    from patcher.tree.gitconfig import entries

    root = click.get_current_context().find_root().command
    assert isinstance(root, click.Group)
    try:
        text = config_text(judged(root, entries(place)))
    except InputError as error:
        text = str(error)
    yield from (f"configuration: {line}" for line in text.rstrip("\n").split("\n"))
