"""Manual pages, by the real man; patcher as git patcher."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from patcher.cli import cli
from patcher.cli.manual import pages
from patcher.cli.settings import commands

Run = Callable[..., Any]
Git = Callable[..., str]
needs_man = pytest.mark.skipif(not shutil.which("man"), reason="man is not installed")
needs_groff = pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix with the pages, and with git-patcher as its entry point has it."""
    prefix = tmp_path_factory.mktemp("prefix")
    (prefix / "share/man/man1").mkdir(parents=True)
    for name, text in pages(cli).items():
        (prefix / f"share/man/man1/{name}.1").write_text(text)
    (prefix / "bin").mkdir()
    program = prefix / "bin/git-patcher"
    program.write_text(f"#!{sys.executable}\nfrom patcher.entry import main\nmain()\n")
    program.chmod(0o755)
    return prefix


def environment(command_environment: dict[str, str], prefix: Path) -> dict[str, str]:
    path = f"{prefix / 'bin'}:{os.environ['PATH']}"
    return {**command_environment, "PATH": path, "MANPAGER": "cat", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}


@needs_groff
def test_there_is_nothing_that_groff_warns_of(installed: Path) -> None:
    files = sorted((installed / "share/man/man1").iterdir())
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-z", *map(str, files)], capture_output=True, text=True, check=True
    )
    assert len(files) > 15 and done.stderr == ""


@needs_man
def test_what_man_shows(installed: Path, command_environment: dict[str, str]) -> None:
    shown = subprocess.run(
        ["man", "-M", str(installed / "share/man"), "patcher", "patcher-lint", "git-patcher"], capture_output=True,
        text=True, check=False, env=environment(command_environment, installed),
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    for said in (
        "patcher - Generate Linux kernel patch series",
        "Start with:   patcher demo",
        "--fail-on [error|warning|note]",
        "-N, --max-count N",
        "patcher lint [OPTIONS] [RANGE | FILE… | lore:ID | -]",
        "git patcher [OPTIONS] COMMAND [ARGS]...",
        "patcher.lint.failOn",
        "EXIT STATUS",
    ):
        assert said in shown.stdout, said


@needs_man
def test_nothing_is_wider_than_the_terminal(installed: Path, command_environment: dict[str, str]) -> None:
    names = sorted(pages(cli))
    shown = subprocess.run(
        ["man", "-M", str(installed / "share/man"), *names], capture_output=True, text=True, check=True,
        env=environment(command_environment, installed),
    )  # fmt: skip
    lines = re.sub(".\b", "", shown.stdout).splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_all_options_are_there() -> None:
    made = pages(cli)
    for path, command in commands(cli):
        text = made[f"patcher-{path.replace('.', '-')}"].replace("\\-", "-")
        for each in command.params:
            if isinstance(each, click.Option) and not each.hidden:
                assert all(f"\\fB{name}" in text or f"{name}" in text for name in each.opts), (path, each.opts)
    assert made == pages(cli)  # no date, no order that changes


def test_no_line_is_taken_for_a_request() -> None:
    """A line of help that begins with a dot or an apostrophe, and characters that groff knows another use for."""
    wild = click.Command("wild", help="Say it.\n\n.SH is no section, 'c neither; \\n(.s ~ ^ ` \u2026")
    text = pages(click.Group("patcher", commands=[wild], help="Nothing."))["patcher-wild"]
    assert "\n\\&.SH is no section, \\(aqc neither; \\en(.s \\(ti \\(ha \\(ga \\[u2026]\n" in text


def test_help_man(run: Run) -> None:
    ran = run("help", "--man", "p2m", "draw")
    assert (ran.code, ran.stderr, ran.stdout) == (0, "", pages(cli)["patcher-p2m-draw"])
    assert run("help", "--man").stdout == pages(cli)["patcher"]
    ran = run("help", "--man", "nothing")
    assert (ran.code, ran.stderr.count("\n")) == (2, 1) and "patcher-lint" in ran.stderr


@needs_man
def test_git_patcher(installed: Path, command_environment: dict[str, str], tmp_path: Path, git: Git) -> None:
    def call(*words: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        own = environment(command_environment, installed)
        return subprocess.run(["git", *words], cwd=cwd, env=own, capture_output=True, text=True, check=False)

    (tmp_path / "repo/deep/er").mkdir(parents=True)
    git(tmp_path / "repo", "init", "-q")
    git(tmp_path / "repo", "commit", "-q", "--allow-empty", "-m", "x: Say it\n\nIt is time.")
    for ran in (
        call("patcher", "lint", "--format", "terse", "-1", cwd=tmp_path / "repo/deep/er"),
        call("-C", "repo", "patcher", "lint", "--format", "terse", "-1"),
        call("-C", "repo/deep", "-c", "patcher.lint.format=terse", "patcher", "-C", "er", "lint", "-1"),
    ):
        assert ran.returncode == 1 and ran.stdout.endswith("[sign-off-missing]\n"), ran
    assert call("patcher", "lint", "-h").stdout.startswith("Usage: git patcher lint ")
    assert "see 'git patcher lint --help'" in call("patcher", "lint", "--nothing").stderr
    manual = call("patcher", "--help")
    assert "GIT-PATCHER(1)" in manual.stdout, manual
