"""Commands that explain: profiles, help, demo."""

from __future__ import annotations

from pathlib import Path

import click

from patcher.cli.command import Command
from patcher.cli.common import CLEAN, PATH, common, deliver, style, use_libclang


@click.command(cls=Command)
def profiles() -> int:
    """The shipped configurations for trees that have none of their own."""
    from patcher.tree.profile import load, names

    for name in names():
        click.echo(f"{name:32} {load(name).description}")
    return CLEAN


@click.command("help", cls=Command)
@click.argument("words", nargs=-1, metavar="[TOPIC]")
@click.option("--man", is_flag=True, help="Show the manual page of a command instead: patcher help --man lint.")
def help_(words: tuple[str, ...], man: bool) -> int:
    """Longer texts on one topic: patcher help TOPIC."""
    if man:
        from patcher.cli.manual import page, show

        root = click.get_current_context().find_root().command
        assert isinstance(root, click.Group)
        return show(page(root, words))
    from patcher.report.topics import topic_text

    deliver(topic_text(" ".join(words) or None), None)
    return CLEAN


@click.command(cls=Command)
@click.option("--keep", metavar="DIR", type=PATH, help="Leave the demo's repository there.")
@common
def demo(keep: Path | None, quiet: bool, verbose: bool, libclang: str | None) -> int:
    """Run the main job on a bundled miniature tree, and explain it on the way."""
    use_libclang(libclang)
    from patcher.demo.tour import tour

    tour(click.echo, style(), keep)
    return CLEAN
