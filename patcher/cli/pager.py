"""The pager, as git has one: for text on a terminal that is longer than the screen.

Which one, is the user's choice: GIT_PAGER, core.pager of their own configuration or the machine's, PAGER, or less. What
a repository's configuration names is not heeded: that could be any program.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from patcher.errors import InputError
from patcher.escape import safe
from patcher.report.fold import columns

_NONE = ("", "cat")
_DEFAULT = "less"
_FOR_SHELL = frozenset("|&;<>()$`\\\"' \t\n*?[#~=%")  # what git looks for, too
_PATIENCE = 0.5  # seconds for a pager to put the terminal back in order, where we must end


def paged(text: str) -> bool:
    """Show a text for a terminal in the pager, until the user leaves it. False: it is still to be written.

    Where the pager cannot do it, that is told on standard error in one line.
    """
    if _fits(text):
        return False
    pager = chosen()
    if pager.strip() in _NONE:
        return False
    why = _shown(pager, text)
    if why and pager != _DEFAULT:
        click.echo(safe(f"patcher: the pager {pager} cannot show this: {why}"), err=True)
    return not why


def _fits(text: str) -> bool:
    size = shutil.get_terminal_size()
    rows = 1  # the prompt
    for line in text.splitlines():
        rows += max(1, -(-columns(line) // size.columns))
        if rows > size.lines:
            return False
    return True


def chosen() -> str:
    """The user's pager, as a command for a shell; "" and ``cat`` for none."""
    for pager in (os.environ.get("GIT_PAGER"), _configured(), os.environ.get("PAGER")):
        if pager is not None:
            return pager
    return _DEFAULT


def _configured() -> str | None:
    """``core.pager`` of the machine's or the user's own configuration."""
    from patcher.tree.command import run

    found = None
    with contextlib.suppress(InputError):  # git tells of it wherever it is needed
        answer = run(Path("/"), ("config", "--show-scope", "-z", "--get-all", "core.pager"), empty_is=1)
        fields = answer.decode("utf-8", "surrogateescape").split("\0")
        for scope, value in zip(fields[::2], fields[1::2], strict=False):
            if scope in ("system", "global"):
                found = value
    return found


def _shown(pager: str, text: str) -> str:
    """Why the pager did not show the text; "" where it did."""
    command = ["/bin/sh", "-c", pager] if _FOR_SHELL & set(pager) else [pager]
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    interrupts: list[int] = []
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
    except OSError as error:
        return error.strerror or str(error)
    with _ending(process), _interrupts(interrupts):
        assert process.stdin is not None
        encoding = sys.stdout.encoding or "utf-8"
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(text.encode(encoding, "backslashreplace"))
        code = process.wait()
    if code in (126, 127):
        return "the shell cannot run it"
    return f"it ended with {code}" if code and not interrupts else ""


@contextlib.contextmanager
def _ending(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Where we are ended, the pager ends by itself: killed, it would leave the terminal without echo."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)


@contextlib.contextmanager
def _interrupts(seen: list[int]) -> Iterator[None]:
    """Ctrl-C is for the pager, which has the same terminal; here it is only ``seen``."""
    before = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
