"""The pager: when there is one, which, and what becomes of the text where it fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from terminal import on_terminal

Environment = dict[str, str]
LONG = ["help", "plan"]


@pytest.fixture
def pager(tmp_path: Path) -> Path:
    """A pager that shows all with a mark, and notes what it was told."""
    file = tmp_path / "pager"
    file.write_text('#!/bin/sh\necho "PAGED LESS=$LESS LV=$LV"\nexec cat\n')
    file.chmod(0o755)
    return file


def test_what_is_longer_than_the_screen_is_paged(command_environment: Environment, pager: Path) -> None:
    shown = on_terminal(LONG, command_environment, {"GIT_PAGER": str(pager)})
    assert shown.code == 0 and shown.screen.startswith("PAGED LESS=FRX LV=-c\nReading a plan")
    shown = on_terminal(LONG, command_environment, {"GIT_PAGER": str(pager), "LESS": "S"})
    assert shown.screen.startswith("PAGED LESS=S LV=-c\n")


@pytest.mark.parametrize(
    ("args", "env", "lines"),
    [
        ([*LONG, "--no-pager"], {}, 24),
        (["--no-pager", *LONG], {}, 24),
        (LONG, {"TERM": "dumb"}, 24),
        (LONG, {}, 5000),
        (LONG, {"GIT_PAGER": "cat"}, 24),
        (LONG, {"GIT_PAGER": ""}, 24),
    ],
)
def test_what_is_not_paged(
    command_environment: Environment, pager: Path, args: list[str], env: Environment, lines: int
) -> None:
    shown = on_terminal(args, command_environment, {"GIT_PAGER": str(pager), **env}, lines=lines)
    assert shown.code == 0 and shown.screen.startswith("Reading a plan")


def test_nothing_is_paged_that_goes_elsewhere(command_environment: Environment, pager: Path, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        shown = on_terminal(LONG, command_environment, {"GIT_PAGER": str(pager)}, stdout=out)
    assert shown == (0, "") and (tmp_path / "out").read_text().startswith("Reading a plan")


def test_lines_are_counted_as_the_screen_shows_them(command_environment: Environment, pager: Path) -> None:
    env = {"GIT_PAGER": str(pager)}
    rows = on_terminal([*LONG, "--no-pager"], command_environment, env, columns=60).screen.count("\n")
    for lines, paged in (rows, True), (rows + 1, False):
        shown = on_terminal(LONG, command_environment, env, lines=lines, columns=60)
        assert shown.screen.startswith("PAGED") == paged


@pytest.mark.parametrize(
    ("env", "user", "machine", "wanted"),
    [
        ({}, "U", "M", "U"),
        ({}, None, "M", "M"),
        ({"PAGER": "P"}, "U", "M", "U"),
        ({"PAGER": "P"}, None, None, "P"),
        ({"GIT_PAGER": "G", "PAGER": "P"}, "U", "M", "G"),
    ],
)
def test_which_pager(
    command_environment: Environment, tmp_path: Path, env: Environment, user: str | None, machine: str | None,
    wanted: str,
) -> None:  # fmt: skip
    for name, value in (("GLOBAL", user), ("SYSTEM", machine)):
        file = tmp_path / name
        file.write_text(f'[core]\n\tpager = "echo {value}; cat"\n' if value else "")
        env = {**env, f"GIT_CONFIG_{name}": str(file)}
    env.pop("GIT_CONFIG_NOSYSTEM", None)
    own = {name: value for name, value in command_environment.items() if name != "GIT_CONFIG_NOSYSTEM"}
    asked = {name: f"echo {value}; cat" if name.endswith("PAGER") else value for name, value in env.items()}
    assert on_terminal(LONG, own, asked).screen.startswith(f"{wanted}\nReading a plan")


def test_the_pager_of_a_repository_is_never_run(
    command_environment: Environment, mini_repo: Path, tmp_path: Path
) -> None:
    config = mini_repo / ".git" / "config"
    (tmp_path / "included").write_text(f'[core]\n\tpager = "touch {tmp_path / "run"}; cat"\n')
    config.write_text(f"{config.read_text()}[core]\n\tpager = \"touch {tmp_path / 'run'}; cat\"\n"
                      f"[include]\n\tpath = {tmp_path / 'included'}\n")  # fmt: skip
    shown = on_terminal([*LONG], command_environment, {"PAGER": "echo P; cat"}, cwd=mini_repo)
    assert shown.screen.startswith("P\n") and not (tmp_path / "run").exists()


def test_leaving_the_pager_early_is_no_error_and_the_exit_code_stays(
    command_environment: Environment, tmp_path: Path
) -> None:
    mail = tmp_path / "x.patch"
    mail.write_text("From: A <a@example.com>\nSubject: [PATCH] x.\n\nx\n---\n a.c | 2 +-\n\n"
                    "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-a\n+b \n")  # fmt: skip
    shown = on_terminal(["lint", "--no-tree", mail], command_environment, {"GIT_PAGER": "head -n 1"}, lines=4)
    assert shown.code == 1 and shown.screen.count("\n") == 1


@pytest.mark.skipif(shutil.which("less") is None, reason="less is not installed")
def test_less_shows_a_screen_and_q_leaves_it(command_environment: Environment) -> None:
    shown = on_terminal(LONG, command_environment, {"GIT_PAGER": "less"}, keys=b"q")
    assert shown.code == 0 and "Reading a plan" in shown.screen
    assert len(shown.screen.splitlines()) < 30


@pytest.mark.parametrize(
    ("pager", "why"),
    [
        ("/no/such/pager", "No such file or directory"),
        ("/no/such/pager --with options", "the shell cannot run it"),
        ("false", "it ended with 1"),
        ("/", "Permission denied"),
        ("/no/such/\x1b[31mpager", "the shell cannot run it"),
    ],
)
def test_a_broken_pager_is_told_and_loses_nothing(command_environment: Environment, pager: str, why: str) -> None:
    shown = on_terminal(LONG, command_environment, {"GIT_PAGER": pager})
    told = next(line for line in shown.screen.splitlines() if line.startswith("patcher: the pager"))
    assert why in told and "\x1b" not in told
    whole = on_terminal([*LONG, "--no-pager"], command_environment).screen
    assert shown.code == 0 and shown.screen.endswith(whole)


def test_without_less_there_is_none(command_environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "git").symlink_to(shutil.which("git") or "git")
    (tmp_path / "setsid").symlink_to(shutil.which("setsid") or "setsid")
    shown = on_terminal(LONG, command_environment, {"PATH": str(tmp_path)})
    assert shown.code == 0 and shown.screen.startswith("Reading a plan")
