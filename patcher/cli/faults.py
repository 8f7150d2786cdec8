"""From an exception to one line and an exit code."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import NoReturn

import click

from patcher import debug
from patcher.cli.common import CLEAN, INTERNAL, WRONG
from patcher.cli.screen import LEAST
from patcher.errors import InputError, MachineError
from patcher.escape import safe
from patcher.processes import end_children

INTERRUPTED = 130
_LONG = 2000  # characters of a line
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# What the machine or the user's limits do not allow: no fault of ours.
_LIMITS = {
    errno.EMFILE: "raise the limit with ulimit -n",
    errno.ENFILE: "close other programs",
    errno.ENOMEM: "raise the limit with ulimit -v, or close other programs",
    errno.EAGAIN: "raise the limit with ulimit -u, or close other programs",
    errno.EROFS: "name another place",
    errno.EACCES: "see to the permissions, or name another place",
    errno.EPERM: "see to the permissions, or name another place",
    errno.EIO: "see what the kernel says of the disk",
    errno.ENAMETOOLONG: "name something shorter",
    errno.ELOOP: "name another place",
}


def tell(error: BaseException) -> int:
    """Tell of an exception on standard error; the exit code."""
    debug.failed(error)
    if isinstance(error, InputError):
        return _line("patcher", str(error))
    if isinstance(error, MachineError):
        _line("patcher", str(error))
        return INTERNAL
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _write(error.format_message())
        return WRONG
    if isinstance(error, click.ClickException):
        name = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "patcher"
        return _line(name, error.format_message(), f" (see '{name} --help')")
    if isinstance(error, click.exceptions.Abort | KeyboardInterrupt):
        _write("patcher: interrupted")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):  # the reader has seen enough
        sys.stdout = None
        return CLEAN
    return _machine(error) or _fault(error)


def _machine(error: BaseException) -> int:
    """Tell of what the machine, or the size of the input, did not allow. 0 where it was neither."""
    if isinstance(error, MemoryError):
        return _line("patcher", "out of memory: the input is too large for this machine, or for the limit on memory")
    if isinstance(error, RecursionError):
        return _line("patcher", "the input is nested too deeply to be read")
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return _line("patcher", f"cannot start a thread: {_LIMITS[errno.EAGAIN]}")
    if isinstance(error, ImportError):
        named = " ".join((str(error) or type(error).__name__).split())
        return _line(
            "patcher", f"cannot load a part of itself ({named}): see to memory, open files and the installation"
        )
    if not isinstance(error, OSError):
        return 0
    named = f" {error.filename}" if error.filename else ""
    if error.errno in _NO_ROOM or (error.errno == errno.ENOENT and "No usable temporary directory" in str(error)):
        free = "free some space, or name another directory with TMPDIR"
        return _line("patcher", f"cannot write temporary files{named} ({error.strerror}): {free}")
    if error.errno == errno.ENOENT and _no_directory():
        return _line("patcher", "the current directory is gone: change to another one")
    if error.errno in _LIMITS:
        return _line("patcher", f"cannot go on:{named} {error.strerror}: {_LIMITS[error.errno]}")
    return 0


def _no_directory() -> bool:
    try:
        os.getcwd()  # noqa: PTH109
    except OSError:
        return True
    return False


def _fault(error: BaseException) -> int:
    """Tell of an error that nobody expected."""
    import traceback

    _write("".join(traceback.format_exception(error)).rstrip("\n"))
    _write(
        "patcher: this is a fault in patcher itself; please report it with the lines above, and what 'patcher bug' says"
    )
    return INTERNAL


def _line(name: str, text: str, end: str = "") -> int:
    """One line, whatever is in the text, and not an endless one."""
    line = " ".join(f"{name}: {safe(text)}".splitlines())
    if len(line) > _LONG:
        line = f"{line[: _LONG // 2]} … {line[-_LONG // 2 :]}"
    _write(_fitted(line + end))
    return WRONG


def _fitted(line: str) -> str:
    """Folded where people see it on a terminal; one line for all others."""
    try:
        wide = os.get_terminal_size(2).columns
    except OSError:
        return line
    from patcher.report.fold import folded

    return "\n".join(folded(line, max(wide, LEAST))) if wide else line


def _write(text: str) -> None:
    """To standard error, where there is one."""
    try:
        click.echo(text, err=True)
    except (OSError, ValueError):
        sys.stderr = None


def leave(code: int) -> NoReturn:
    """End the process: nothing of ours runs on, and what standard output did not take is told."""
    end_children()
    debug.ended(code)
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None
    except (OSError, ValueError) as error:
        sys.stdout = None
        code = _line("patcher", f"cannot write to standard output ({error})", "")
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr is not None:
            sys.stderr.flush()
    sys.exit(code)
