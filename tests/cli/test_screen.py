"""How results are shown: colours and width, for every command."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from terminal import on_terminal

from patcher.cli import cli
from patcher.cli.screen import coloured

Run = Callable[..., Any]
QUICK = [
    ["series", "list"], ["series", "show", "identity"],
    ["profiles"], ["help"], ["help", "plan"], ["--help"], ["apply", "--help"],
]  # fmt: skip


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    """A patch that lint has something to say of."""
    file = tmp_path / "x.patch"
    file.write_text("From: A <a@example.com>\nSubject: [PATCH] x.\n\nx\n---\n a.c | 2 +-\n\n"
                    "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+b \n")  # fmt: skip
    return file


def commands(group: click.Group, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*names, name))
        else:
            yield (*names, name), command


@pytest.mark.parametrize(("names", "command"), [pytest.param(*each, id=" ".join(each[0])) for each in commands(cli)])
def test_every_command_can_be_told_how_to_show(names: tuple[str, ...], command: click.Command) -> None:
    found = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    assert {"--color", "--no-pager"} <= found, names


@pytest.mark.parametrize("args", QUICK, ids=" ".join)
def test_what_is_piped_is_the_same_however_wide_the_terminal_is(run: Run, args: list[str]) -> None:
    ran = run(*args)
    assert run(*args, env={"COLUMNS": "200", "LINES": "5"}) == ran
    assert all(len(line) <= 80 for line in ran.stdout.splitlines())


def test_a_plan_is_the_same_too_and_only_lines_of_source_are_wider(run: Run, mini_original: Path) -> None:
    ran = run("plan", "--tree", mini_original, "-v")
    assert run("plan", "--tree", mini_original, "-v", env={"COLUMNS": "200"}) == ran
    for line in ran.stdout.splitlines():
        assert len(line) <= 80 or re.fullmatch(r"    .*[;{,)]", line) or " " not in line.strip(), line


@pytest.mark.parametrize("columns", [60, 132])
def test_a_terminal_is_used_as_wide_as_it_is(command_environment: dict[str, str], columns: int) -> None:
    shown = on_terminal(["series", "list"], command_environment, columns=columns)
    longest = max(map(len, shown.screen.splitlines()))
    assert min(columns - 16, 80) < longest <= columns


def test_what_is_wrong_is_told_as_wide_as_the_terminal_is(run: Run, command_environment: dict[str, str]) -> None:
    wrong = ["help", "a-topic-that-nobody-has-ever-written"]
    shown = on_terminal(wrong, command_environment, columns=60)
    assert shown.code == 2 and max(map(len, shown.screen.splitlines())) <= 60
    assert shown.screen.split() == run(*wrong).stderr.split() and run(*wrong).stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("asked", "env", "wanted"),
    [
        (None, {}, True),
        (None, {"TERM": "dumb"}, False),
        (None, {"NO_COLOR": "1"}, False),
        (None, {"NO_COLOR": ""}, True),
        (None, {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        (None, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("never", {"FORCE_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("auto", {"NO_COLOR": "1"}, False),
    ],
)
def test_what_goes_first_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, asked: str | None, env: dict[str, str], wanted: bool
) -> None:
    monkeypatch.setattr("patcher.cli.screen.is_terminal", lambda: True)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **env}.items():
        monkeypatch.setenv(name, value)
    arguments = [f"--color={asked}"] if asked else []
    with cli.commands["profiles"].make_context("profiles", arguments):
        assert coloured() == wanted


@pytest.mark.parametrize(
    ("args", "env", "wanted"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": ""}, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {}, True),
        (["--color=never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_where_no_terminal_is(run: Run, mail: Path, args: list[str], env: dict[str, str], wanted: bool) -> None:
    assert ("\x1b[1m" in run("lint", "--no-tree", mail, *args, env=env).stdout) == wanted
    assert ("\x1b[1m" in run(*args, "lint", "--no-tree", mail, env=env).stdout) == wanted


def test_a_file_gets_colours_only_if_that_is_said(run: Run, mini_original: Path, tmp_path: Path) -> None:
    for args, wanted in ([], False), (["--color=always"], True):
        run("plan", "--tree", mini_original, "-o", tmp_path / "plan", *args, env={"FORCE_COLOR": "1"})
        assert ("\x1b[1m" in (tmp_path / "plan").read_text()) == wanted


def test_a_form_for_machines_is_not_folded_nor_coloured(run: Run, mini_original: Path) -> None:
    plain = run("plan", "--tree", mini_original, "--format", "json")
    assert run("plan", "--tree", mini_original, "--format", "json", "--color=always").stdout == plain.stdout
