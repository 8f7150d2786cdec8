"""``patcher config``."""

from __future__ import annotations

from pathlib import Path

import click

from patcher.cli.command import Command
from patcher.cli.common import CLEAN, FOUND, PATH, deliver


@click.command(cls=Command, reports=True)
@click.option("--tree", "place", default=".", metavar="DIR", type=PATH, help="Repository to look at. Default: here.")
@click.option("--list-options", "everything", is_flag=True, help="Show all that can be set, with the defaults.")
def config(place: Path, everything: bool) -> int:
    """Show what git config patcher.* sets here: from which file, and what is not heeded and why.

    Options are stronger than the environment, and that than the configuration. Exit code 1 means that something is not
    heeded.
    """
    from patcher.cli.settings import judged, listed
    from patcher.report.config_text import config_text, options_text
    from patcher.tree.gitconfig import entries

    root = click.get_current_context().find_root().command
    assert isinstance(root, click.Group)
    if everything:
        deliver(options_text(listed(root)), None)
        return CLEAN
    found = judged(root, entries(place))
    deliver(config_text(found), None)
    return FOUND if any(not each.heeded and "is nearer" not in each.why_not for each in found) else CLEAN
