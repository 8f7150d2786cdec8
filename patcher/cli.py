"""The command line: arguments to one function each, and its result to an exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from patcher.errors import InputError

if TYPE_CHECKING:
    from patcher.model import Plan
    from patcher.tree.kernel import KernelTree

CLEAN, FOUND, WRONG, INTERNAL, TERMINATED = 0, 1, 2, 70, 143
Command = TypeVar("Command", bound=Callable[..., Any])


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


def _common(command: Command) -> Command:
    options = (
        click.option("-q", "--quiet", is_flag=True, help="Say less."),
        click.option("-v", "--verbose", is_flag=True, help="Show the evidence, and lists in full."),
        click.option("--libclang", metavar="FILE", help="Use this libclang.so (also PATCHER_LIBCLANG)."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _on_tree(command: Command) -> Command:
    options = (
        click.option(
            "--tree", "place", default=".", metavar="DIR", type=click.Path(path_type=Path),
            help="Kernel tree: a git repository (bare or not), a worktree, or unpacked sources. Default: here.",
        ),
        click.option("--rev", metavar="REV", help="Revision to read. Default: HEAD."),
        click.option("--worktree", is_flag=True, help="Read the uncommitted files instead of a revision."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _use_libclang(name: str | None) -> None:
    if name:
        os.environ["PATCHER_LIBCLANG"] = name


def _style() -> Callable[..., str]:
    """Colour only on a terminal, and not where NO_COLOR says so (no-color.org)."""
    if (
        sys.stdout is not None
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    ):
        return click.style
    return lambda text, **_: str(text)


def _deliver(text: str, output: Path | None) -> None:
    """To standard output, or to a file: whole or not at all."""
    if output is None:
        try:
            click.echo(text, nl=False)
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


@cli.command()
@_on_tree
@click.option("--series", default="identity", show_default=True, help="Which series to plan for.")
@click.option("--profile", default="", metavar="NAME", help="Configuration to read with (see: patcher profiles).")
@click.option("--build", metavar="DIR", type=click.Path(path_type=Path), help="Read as this build was configured (O=).")
@click.option(
    "--scope",
    type=click.Choice(["xen", "tree"]),
    default="xen",
    show_default=True,
    help="Xen's code, or all.",
)
@click.option("--rules", "rules_dir", metavar="DIR", type=click.Path(path_type=Path), help="Your own rules instead.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write there instead.")
@_common
def plan(
    place: Path, rev: str | None, worktree: bool, series: str, profile: str, build: Path | None, scope: str,
    rules_dir: Path | None, form: str, output: Path | None, quiet: bool, verbose: bool, libclang: str | None,
) -> int:  # fmt: skip
    """Say what the identity scheme makes redundant in a tree, and why.

    Reads the tree and changes nothing. Exit code 1 means that the series does not fit the tree, or that a finding is
    undecided and a person must look.
    """
    _use_libclang(libclang)
    from patcher.model import Status, Verdict

    if profile and build:
        raise InputError("--profile and --build contradict each other", "give one of the two")
    tree = _open(place, rev, worktree)
    found = _make_plan(tree, series, profile, build, scope, rules_dir, quiet)
    if form == "json":
        from patcher.about import tool
        from patcher.report.plan_json import plan_json

        _deliver(plan_json(found, tool()), output)
    else:
        from patcher.report.plan_text import plan_text

        _deliver(plan_text(found, _style() if output is None else _plain, verbose=verbose, quiet=quiet), output)
    undecided = any(finding.verdict is Verdict.UNDECIDED for finding in found.findings)
    return FOUND if undecided or found.status is Status.NOT_APPLICABLE else CLEAN


def _plain(text: str, **_: object) -> str:
    return text


def _open(place: Path, rev: str | None, worktree: bool) -> KernelTree:
    from patcher.tree.find import open_tree

    return open_tree(place, rev, worktree=worktree)


def _make_plan(
    tree: KernelTree, name: str, profile: str, build: Path | None, scope: str, rules_dir: Path | None, quiet: bool
) -> Plan:
    from patcher import data
    from patcher.cache import Cache
    from patcher.plan.make import Request, make_plan
    from patcher.report.progress import Bar, wanted
    from patcher.rules.load import load_group
    from patcher.series.load import load

    spec = load(name)
    rules = load_group(rules_dir or data.directory("rules") / spec.rules)
    request = Request(name, spec, rules, scope, profile, build)
    bar = Bar() if wanted(quiet) else None
    cache = Cache()
    try:
        return make_plan(tree, request, cache, bar)
    finally:
        cache.close()
        if bar:
            bar.close()


@cli.group()
def rules() -> None:
    """The rules that give verdicts: list, explain and test them."""


_rules_option = click.option(
    "--rules", "directory", metavar="DIR", type=click.Path(path_type=Path), help="A rule folder of your own."
)


@rules.command("list")
@_rules_option
def rules_list(directory: Path | None) -> int:
    """One line a rule, in the order they are tried."""
    from patcher.report.rules_text import rules_table

    _deliver(rules_table(_groups(directory), _style()), None)
    return CLEAN


@rules.command("explain")
@click.argument("rule_id", metavar="ID")
@_rules_option
def rules_explain(rule_id: str, directory: Path | None) -> int:
    """What a rule matches, why, where that is written, its limits and its examples."""
    from patcher.report.rules_text import rule_page

    known = {rule.id: rule for group in _groups(directory) for rule in group.rules}
    if rule_id not in known:
        raise InputError(f"there is no rule {rule_id!r}", "patcher rules list shows them")
    _deliver(rule_page(known[rule_id]), None)
    return CLEAN


@rules.command("test")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@_common
def rules_test(path: Path | None, quiet: bool, verbose: bool, libclang: str | None) -> int:
    """Run the examples of all rules, or of one rule file, or of the rules in one folder."""
    _use_libclang(libclang)
    from patcher.report.rules_text import examples_report
    from patcher.rules.examples import run_examples

    only = path.stem if path and path.is_file() else None
    directory = path.parent if path and path.is_file() else path
    results = [result for group in _groups(directory) for result in run_examples(group, only)]
    _deliver(examples_report(results, quiet=quiet, verbose=verbose), None)
    return CLEAN if all(result.right for result in results) else FOUND


def _groups(directory: Path | None) -> list[Any]:
    from patcher import data
    from patcher.rules.load import load_group

    if directory:
        return [load_group(directory)]
    shipped = data.directory("rules")
    return [load_group(file.parent) for file in sorted(shipped.glob("*/group.toml"))]


@cli.group()
def series() -> None:
    """The series that can be planned for."""


@series.command("list")
def series_list() -> int:
    """One line a series."""
    from patcher.series.load import load, names

    for name in names():
        click.echo(f"{name:12} {load(name).title} ({len(load(name).step)} steps)")
    return CLEAN


@series.command("show")
@click.argument("name")
def series_show(name: str) -> int:
    """The steps of a series, and what tells that a tree has them."""
    from patcher.report.rules_text import series_page
    from patcher.series.load import load

    _deliver(series_page(name, load(name)), None)
    return CLEAN


@cli.command()
def profiles() -> int:
    """The shipped configurations for trees that have none of their own."""
    from patcher.tree.profile import load, names

    for name in names():
        click.echo(f"{name:32} {load(name).description}")
    return CLEAN


@cli.command("help")
@click.argument("topic", required=False)
def help_(topic: str | None) -> int:
    """Longer texts on one topic: patcher help TOPIC."""
    from patcher.report.topics import topic_text

    _deliver(topic_text(topic), None)
    return CLEAN


@cli.command()
@click.option("--keep", metavar="DIR", type=click.Path(path_type=Path), help="Leave the demo's repository there.")
@_common
def demo(keep: Path | None, quiet: bool, verbose: bool, libclang: str | None) -> int:
    """Run the main job on a bundled miniature tree, and explain it on the way."""
    _use_libclang(libclang)
    from patcher.demo.tour import tour

    tour(click.echo, _style(), keep)
    return CLEAN


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
    except Exception:  # noqa: BLE001 - a fault of ours must not look like a finding
        import traceback

        traceback.print_exc()
        click.echo("patcher: this is a fault in patcher itself; please report it with the lines above", err=True)
        code = INTERNAL
    sys.exit(code)
