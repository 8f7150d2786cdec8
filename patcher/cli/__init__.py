"""The command line: arguments to one function each, and its result to an exit code."""

from __future__ import annotations

import errno
import signal
import sys

import click

from patcher.cli.apply import apply
from patcher.cli.check import check
from patcher.cli.common import CLEAN, INTERNAL, TERMINATED, WRONG
from patcher.cli.info import demo, help_, profiles
from patcher.cli.lint import lint
from patcher.cli.p2m import p2m
from patcher.cli.plan import plan
from patcher.cli.prove import prove
from patcher.cli.rules import rules
from patcher.cli.series import series
from patcher.errors import InputError
from patcher.processes import end_children


def _versions(context: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if not asked or context.resilient_parsing:
        return
    from patcher.about import lines

    click.echo("\n".join(lines()))
    context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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


for _each in (plan, apply, check, prove, p2m, lint, rules, series, profiles, help_, demo):
    cli.add_command(_each)


def _fault(error: Exception) -> int:
    """Tell of an error that nobody expected, or of a machine that has no room for temporary files."""
    from patcher.report.escape import safe

    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or (isinstance(error, FileNotFoundError) and "No usable temporary directory" in str(error)):
        assert isinstance(error, OSError)
        named = f" {safe(str(error.filename))}" if error.filename else ""
        click.echo(f"patcher: cannot write temporary files{named} ({safe(str(error.strerror))}): "
                   "free some space, or name another directory with TMPDIR", err=True)  # fmt: skip
        return WRONG
    import traceback

    traceback.print_exception(error)
    click.echo("patcher: this is a fault in patcher itself; please report it with the lines above", err=True)
    return INTERNAL


def main() -> None:
    """The entry point: exit codes as the help says, one line for wrong input, no traceback."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # as an exception: what is under way cleans up
    try:
        code = cli.main(standalone_mode=False)
    except InputError as error:
        from patcher.report.escape import safe

        click.echo(f"patcher: {safe(str(error))}".replace("\n", " "), err=True)
        code = WRONG
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = WRONG
    except click.ClickException as error:
        from patcher.report.escape import safe

        name = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "patcher"
        click.echo(f"{name}: {safe(error.format_message())} (see '{name} --help')".replace("\n", " "), err=True)
        code = WRONG
    except click.exceptions.Abort:
        click.echo("patcher: interrupted", err=True)
        code = 130
    except BrokenPipeError:  # the reader has seen enough
        sys.stdout = None
        code = CLEAN
    except Exception as error:  # noqa: BLE001 - a fault of ours must not look like a finding
        code = _fault(error)
    finally:
        end_children()
    sys.exit(code)
