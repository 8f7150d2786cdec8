"""Commands that explain: profiles, help, demo."""

from __future__ import annotations

import functools
from pathlib import Path

import click

from patcher.cli.command import Command
from patcher.cli.common import CLEAN, PATH, common, deliver, use_libclang
from patcher.cli.screen import style, width


@click.command(cls=Command)
def profiles() -> int:
    """The shipped configurations for trees that have none of their own."""
    from patcher.report.fold import fitted
    from patcher.tree.profile import load, names

    deliver(fitted((f"{name:32}  {load(name).description}" for name in names()), width()), None)
    return CLEAN


@click.command("help", cls=Command)
@click.argument("words", nargs=-1, metavar="[TOPIC]")
@click.option("--man", is_flag=True, help="Show the manual page of a command instead: patcher help --man lint.")
def help_(words: tuple[str, ...], man: bool) -> int:
    """Longer texts on one topic: patcher help TOPIC."""
    root = click.get_current_context().find_root().command
    assert isinstance(root, click.Group)
    if man:
        from patcher.cli.manual import page, show

        return show(page(root, words))
    from patcher.report.topics import topic_text

    deliver(topic_text(" ".join(words) or None, root.commands, width()), None)
    return CLEAN


@click.command(cls=Command)
@click.option("--keep", metavar="DIR", type=PATH, help="Leave the demo's repository there.")
@common
def demo(keep: Path | None, quiet: bool, verbose: bool, libclang: str | None) -> int:
    """Run the main job on a bundled miniature tree, and explain it on the way."""
    use_libclang(libclang)
    from patcher.demo.tour import tour

    tour(functools.partial(click.echo, color=True), style(), keep, width())
    return CLEAN
