"""The command line: arguments to one function each, and its result to an exit code."""

from __future__ import annotations

import io
import os
import signal
import sys

import click

from patcher.cli.command import COMPLETE, Commands, Group
from patcher.cli.common import CLEAN
from patcher.cli.faults import INTERRUPTED, leave, tell
from patcher.cli.screen import width
from patcher.processes import end_on_signals

# By name; where the function, or the module, is called otherwise, that.
_COMMANDS = {
    **{name: f"{name}:{name}" for name in (
        "apply", "boot", "bug", "check", "completion", "config", "lint", "p2m", "plan", "prove", "report", "rules",
        "series", "status", "sweep",
    )},
    "demo": "info:demo", "help": "info:help_", "profiles": "info:profiles",
}  # fmt: skip
_HELP = 100  # columns: longer lines are hard to read


def _versions(context: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if not asked or context.resilient_parsing:
        return
    from patcher.about import lines

    click.echo("\n".join(lines()))
    context.exit()


@click.group(cls=Group, commands=Commands(_COMMANDS), context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_versions,
    help="Show versions and exit.",
)
def cli() -> None:
    """Generate Linux kernel patch series from rules, prove them, and check any series before LKML.

    \b
    Start with:   patcher demo
    On a tree:    patcher plan --tree ~/src/linux
    More:         patcher help

    Exit codes, everywhere: 0 clean, 1 findings that matter, 2 the call or its input is wrong.
    """


def main() -> None:
    """The entry point: exit codes as the help says, one line for wrong input, no traceback."""
    code = INTERRUPTED
    try:
        code = _run()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is over: nothing is left to be interrupted
    except KeyboardInterrupt as error:  # while another error was told
        code = tell(error)
    finally:
        leave(code)


def _run() -> int:
    end_on_signals()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what the locale cannot spell
    try:
        by_git = os.path.basename(sys.argv[0]) == "git-patcher"  # noqa: PTH119
        code = cli.main(
            prog_name="git patcher" if by_git else "patcher",
            complete_var=COMPLETE,
            standalone_mode=False,
            terminal_width=min(width(), _HELP),
        )
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else INTERRUPTED
    except BaseException as error:  # noqa: BLE001 - a fault of ours must not look like a finding
        return tell(error)
    return code if isinstance(code, int) else CLEAN
