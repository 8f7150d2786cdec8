"""The options of a call as words."""

from __future__ import annotations

import click
import pytest

from patcher.cli import cli
from patcher.cli.given import given
from patcher.cli.settings import commands

ALL = dict(commands(cli))


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ("--tree /home/me/linux --rev v2 -q", ""),
        ("--series a,b --check --trust-tree --configs xen", "--series a,b --check --configs xen --trust-tree"),
        (
            "--series-dir /home/me/own --split file --limit 3 --no-by-tree -v 2 --no-auto-to-cc --rfc",
            "--series-dir own --split file --limit 3 --no-by-tree --no-auto-to-cc --rfc --reroll-count 2",
        ),
        ("--cocci sub/a.cocci -m x -m y -- mm fs", "--message x --message y --cocci sub/a.cocci -- mm fs"),
    ],
)
def test_what_was_given_and_nothing_else(words: str, again: str) -> None:
    """A tree and how it is told are the reader's own; so are directories."""
    with click.Context(ALL["apply"], info_name="apply") as context:
        context.command.parse_args(context, words.split())
        found = given(context, leave=("place", "rev", "report"))
    assert sorted(found) == sorted(again.split())
    assert found[-3:] == ("--", "mm", "fs") or "--cocci" not in found


def test_every_option_of_apply_that_is_set_is_said() -> None:
    """Whatever options there will be."""
    with click.Context(ALL["apply"], info_name="apply") as context:
        flags = [each for each in context.command.params if isinstance(each, click.Option) and each.is_flag
                 and each.expose_value and each.name not in ("quiet", "verbose")]  # fmt: skip
        words = [max(each.opts, key=len) for each in flags]
        context.command.parse_args(context, [*words])
        assert set(words) <= set(given(context, leave=()))
