"""What all commands share: exit codes, options, and how results are delivered."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from patcher import debug
from patcher.cli.screen import may_page, may_show_progress
from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.cache import Cache
    from patcher.report.progress import Bar
    from patcher.tree.kernel import KernelTree

PATH = click.Path(path_type=Path)
CLEAN, FOUND, WRONG, INTERNAL = 0, 1, 2, 70
_BAR = f"{__name__}.bar"
Command = TypeVar("Command", bound=Callable[..., Any])
fail_on = click.option(
    "--fail-on", type=click.Choice(["error", "warning", "note"]),
    help="From which level on findings count. Default: warning.",
)  # fmt: skip


def common(command: Command) -> Command:
    return _common(command, "-v", "--verbose")


def common_but_v(command: Command) -> Command:
    """The same, where -v is another option's."""
    return _common(command, "--verbose")


def _common(command: Command, *verbose: str) -> Command:
    options = (
        click.option("-q", "--quiet", is_flag=True, help="Say less."),
        click.option(*verbose, is_flag=True, help="Show the evidence, and lists in full."),
        click.option("--libclang", metavar="FILE", envvar="PATCHER_LIBCLANG",
                     help="Use this libclang.so (also PATCHER_LIBCLANG)."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def on_tree(command: Command) -> Command:
    options = (
        click.option(
            "--tree", "place", default=".", metavar="DIR", type=PATH,
            help="Kernel tree: a git repository (bare or not), a worktree, or unpacked sources. Default: here.",
        ),
        click.option("--rev", metavar="REV", help="Revision to read. Default: HEAD."),
        click.option("--worktree", is_flag=True, help="Read the uncommitted files instead of a revision."),
        click.option("--subdir", metavar="DIR", help="Where in it the kernel is. Default: the top, else found."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def begin(quiet: bool = False, what: str = "reading the tree") -> None:
    """Show progress where it may be shown, beginning with ``what``: before what takes time is even loaded. It goes
    with ``working``, or with the command."""
    if quiet or not may_show_progress():
        return
    from patcher.report.progress import Bar

    context = click.get_current_context()
    with contextlib.suppress(OSError):  # a limit on processes: the work counts for more
        context.meta[_BAR] = Bar(what)
        context.call_on_close(context.meta[_BAR].close)


@contextlib.contextmanager
def working(quiet: bool = False) -> Iterator[tuple[Cache, Bar | None]]:
    """The cache, and the progress that is shown, if any; both are closed in the end. Nothing is to be written
    meanwhile."""
    from patcher.cache import Cache

    if _BAR not in click.get_current_context().meta:
        begin(quiet)
    bar: Bar | None = click.get_current_context().meta.pop(_BAR, None)
    with contextlib.ExitStack() as stack:
        if bar:
            stack.callback(bar.close)
        cache = Cache()
        stack.callback(cache.close)
        yield cache, debug.stages(bar)


def use_libclang(name: str | None) -> None:
    if name:
        os.environ["PATCHER_LIBCLANG"] = name


def deliver(text: str, output: Path | None) -> None:
    """To standard output, there perhaps through the pager, or to a file: whole or not at all."""
    if output is None:
        try:
            if not _paged(text):
                click.echo(text, nl=False, color=True)  # what it has, it is to have
        except BrokenPipeError:
            raise
        except OSError as error:
            sys.stdout = None  # or the interpreter would try once more at its end
            raise InputError(f"cannot write to standard output ({error.strerror})", "name a file with -o") from error
        return
    output = output.resolve()  # a link stays one
    new = output.with_name(f"{output.name}.{os.getpid()}.new")
    try:
        if output.exists() and not output.is_file() and not output.is_dir():
            output.write_text(text, encoding="utf-8", errors="backslashreplace")  # a device, a pipe
            return
        new.write_text(text, encoding="utf-8", errors="backslashreplace")
        new.replace(output)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        raise InputError(f"cannot write {output} ({error.strerror})", "name another file with -o") from error


def _paged(text: str) -> bool:
    if not may_page():
        return False
    from patcher.cli.pager import paged

    return paged(text)


def open_place(place: Path, rev: str | None, worktree: bool) -> KernelTree:
    from patcher.tree.find import open_tree

    return open_tree(place, rev, worktree=worktree)


def open_kernel(place: Path, rev: str | None, worktree: bool, subdir: str | None) -> KernelTree:
    """The same, of which a directory may be the kernel."""
    from patcher.tree.subtree import kernel_of

    return kernel_of(open_place(place, rev, worktree), subdir)
