"""Defaults from git config patcher.*, for every command: what is stronger, what a repository may not, what is told."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from patcher.cli import cli
from patcher.cli.settings import _OF_COMMAND, _OF_LINT, _OF_SEVERAL, Setting, commands, listed, looked_up, settings
from patcher.errors import InputError
from patcher.tree.gitconfig import Entry

Run = Callable[..., Any]
Git = Callable[..., str]
MAIL = "From: A U Thor <a@example.org>\nSubject: [PATCH] x: y\n\ntext\n---\n"
ALL = dict(commands(cli))
EVERY = [(path, each) for path, command in ALL.items() for each in settings(command, path)]


def name(path: str, setting: Setting) -> str:
    return f"{path} {setting.name}"


@pytest.fixture
def mine(run: Run, tmp_path: Path) -> Callable[..., Any]:
    """``mine(text, *arguments)``: run with this configuration of the user's own."""

    def call(text: str, *args: Any, env: dict[str, str] | None = None, **more: Any) -> Any:
        (tmp_path / "own.gitconfig").write_text(text)
        return run(*args, env={"GIT_CONFIG_GLOBAL": str(tmp_path / "own.gitconfig"), **(env or {})}, **more)

    return call


def test_all_that_is_named_is_an_option() -> None:
    for path, words in _OF_COMMAND.items():
        known = {each.name for each in settings(ALL[path], path)}
        assert {f"{path}.{word.rstrip('!')}" for word in words.split()} <= known
    general = {each.name for each in listed(cli)}
    assert {word.rstrip("!") for word in (*_OF_LINT, *_OF_SEVERAL)} <= general


def test_what_names_files_or_trust_is_the_users_own() -> None:
    """Each option whose value is a path, and each that loosens something, or names machines to run on."""
    for path, (called, option, own) in EVERY:
        loosens = any(word in called.lower() for word in ("trust", "signoff", "sandbox", "libclang"))
        elsewhere = called.endswith(".on") and path != "boot"
        assert own == (isinstance(option.type, click.Path) or loosens or elsewhere), (path, called)
        assert not option.expose_value or option.name not in ("output", "force", "no_sandbox"), called


@pytest.mark.parametrize(("path", "setting"), [each for each in EVERY if each[1].own], ids=str)
def test_a_repository_cannot_set_it(path: str, setting: Setting) -> None:
    local = Entry(setting.name.lower(), "true", ".git/config", False)
    values, told = looked_up(cli, ALL[path], path, [local])
    assert values == {} and [each.heeded for each in told] == [False]
    values, told = looked_up(cli, ALL[path], path, [local._replace(own=True), local])
    assert values.keys() == {setting.option.name} and sorted(each.heeded for each in told) == [False, True]


@pytest.mark.parametrize(("path", "setting"), EVERY, ids=str)
def test_each_takes_what_the_option_takes(path: str, setting: Setting) -> None:
    option = setting.option
    if isinstance(option.type, click.Choice | click.IntRange) or option.is_flag or option.callback:
        wrong = Entry(setting.name.lower(), "-no\x1bsuch-", "FILE", True)
        with pytest.raises(InputError, match=rf"FILE: patcher\.{setting.name} is ") as raised:
            looked_up(cli, ALL[path], path, [wrong])
        assert "\n" not in str(raised.value) and "\x1b" not in str(raised.value).partition(": ")[2].partition("':")[0]


@pytest.fixture
def repository(tmp_path: Path, git: Git) -> Path:
    """One with a commit."""
    place = tmp_path / "linux"
    place.mkdir()
    git(place, "init", "-q")
    git(place, "commit", "-q", "--allow-empty", "-m", "x: y")
    return place


def test_what_is_nearer_holds(mine: Callable[..., Any], repository: Path, git: Git) -> None:
    def form(text: str, *args: str) -> str:
        ran = mine(text, "lint", "-1", *args, cwd=repository)
        assert (ran.code, ran.stderr) == (1, "")
        return "json" if ran.stdout.startswith("{") else "text"

    own = '[patcher "lint"]\n\tformat = json\n'
    assert form(own) == "json"
    assert form(own, "--format", "text") == "text"
    git(repository, "config", "patcher.lint.format", "text")
    assert form(own) == "text"


def test_what_a_repository_sets_is_told(mine: Callable[..., Any], repository: Path, git: Git) -> None:
    """And the user's own is not. (What it then says is that a build is not trusted.)"""
    git(repository, "config", "patcher.check.maxUsers", "7")
    git(repository, "config", "patcher.verbose", "true")
    git(repository, "config", "patcher.check.trustTree", "true")
    first, second, third, last = mine("[patcher]\n\tjobs = 2\n", "check", "-1", cwd=repository).stderr.splitlines()
    told = f"from {repository}/.git/config"
    assert first == f"patcher: patcher.check.maxUsers = 7 {told}"
    assert second.startswith(f"patcher: patcher.check.trustTree = true {told} is not heeded: only your own")
    assert third == f"patcher: patcher.verbose = true {told}" and "--trust-tree" in last


def test_the_environment_is_stronger(mine: Callable[..., Any], mini_original: Path, tmp_path: Path) -> None:
    text = f"[patcher]\n\tlibclang = {tmp_path}/none.so\n"
    assert f"{tmp_path}/none.so" in mine(text, "plan", "--tree", mini_original, "--scope", "tree").stderr
    env = {"PATCHER_LIBCLANG": f"{tmp_path}/other.so"}
    ran = mine(text, "plan", "--tree", mini_original, "--scope", "tree", env=env)
    assert f"{tmp_path}/other.so" in ran.stderr and "none.so" not in ran.stderr


def test_those_of_the_tree_that_is_named(mine: Callable[..., Any], repository: Path, git: Git, tmp_path: Path) -> None:
    git(repository, "config", "patcher.lint.format", "json")
    for words in (["--tree", repository], ["-C", "linux"], ["-C", repository, "--tree", "."]):
        assert mine("", "lint", "-1", *words, cwd=tmp_path).stdout.startswith("{"), words


def test_several_values(mine: Callable[..., Any], tmp_path: Path) -> None:
    text = '[patcher "apply"]\n\tcc = A <a@example.org>\n\tcc = nobody\n'
    ran = mine(text, "apply", "-o", "x", cwd=tmp_path)
    assert ran.code == 2 and "nobody" in ran.stderr


def test_what_is_given_is_stronger_than_what_contradicts_it(mine: Callable[..., Any], mini_original: Path) -> None:
    text = '[patcher "plan"]\n\tseries = identity\n\tscope = xen\n\tprofile = no-such-one\n'
    ran = mine(text, "plan", "--cocci", "x.cocci", "--build", "nowhere", "--tree", mini_original)
    assert ran.code == 2 and "contradict" not in ran.stderr


def test_a_wrong_value_names_the_file(mine: Callable[..., Any], tmp_path: Path, mini_original: Path) -> None:
    for text, command in (("[patcher \"plan\"]\n\tformat = yaml\n", "plan"), ("[patcher]\n\tjobs = many\n", "check"),
                          ("[patcher \"boot\"]\n\tmemory = 5\n", "boot"),
                          ("[patcher \"lint\"]\n\tskip = no-such-rule\n", "lint")):  # fmt: skip
        ran = mine(text, command, "--tree", mini_original, "HEAD~1" if command != "plan" else "--quiet")
        assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1), ran
        assert ran.stderr.startswith(f"patcher: {tmp_path}/own.gitconfig: "), ran
        assert mine(text, command, "--help").code == 0


def test_git_c(run: Run, command_environment: dict[str, str], tmp_path: Path) -> None:
    """What git itself is told for one call is given to what it starts."""
    (tmp_path / "x.patch").write_text(MAIL)
    for given, code in ((["-c", "patcher.failOn=warning"], 1), (["-c", "patcher.lint.failon=error"], 0)):
        done = subprocess.run(
            ["git", *given, "-c", f"alias.check-it=!{sys.executable} -m patcher lint -q x.patch", "check-it"],
            cwd=tmp_path, env=command_environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done


def test_git_is_not_loaded_for_nothing(command_environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text(MAIL)
    for text, loaded in (("[user]\n\tname = A\n", False), ("[patcher]\n\tstrict = no\n", True)):
        (tmp_path / "own").write_text(text)
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "patcher", "lint", "--no-tree", "x.patch"], cwd=tmp_path,
            env={**command_environment, "GIT_CONFIG_GLOBAL": str(tmp_path / "own")}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert ("| git\n" in done.stderr or " git.cmd\n" in done.stderr) == loaded, text


# patcher config


def test_nothing_is_set(run: Run, tmp_path: Path) -> None:
    ran = run("config", env={"GIT_CONFIG_GLOBAL": os.devnull})
    assert (ran.code, ran.stderr) == (0, "") and ran.stdout.startswith("nothing is set")


def test_what_is_set_and_what_is_not_heeded(
    mine: Callable[..., Any], mini_repo: Path, git: Git, tmp_path: Path
) -> None:
    text = '[patcher]\n\tstrict\n[patcher "lint"]\n\tfailOn = error\n\trules = ~/rules\n'
    git(mini_repo, "config", "patcher.strict", "false")
    ran = mine(text, "config", "--tree", mini_repo)
    own, local = tmp_path / "own.gitconfig", mini_repo / ".git/config"
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        f"patcher.strict = true from {own} is not heeded: {local} is nearer",
        f"patcher.lint.failOn = error from {own}",
        f"patcher.lint.rules = ~/rules from {own}",
        f"patcher.strict = false from {local}",
    ]
    for given, why in (
        ("patcher.lint.rules", "only your own"),
        ("patcher.nothing", "no such default"),
        ("patcher.failOn", "'x' is not one of"),
        ("patcher.check.jobs", "'x' is not a valid"),
    ):
        git(mini_repo, "config", given, "x")
        ran = mine(text, "config", "-C", mini_repo)
        assert ran.code == 1 and why in ran.stdout.splitlines()[-1], ran
        git(mini_repo, "config", "--unset", given)


def test_the_list_fits_a_terminal_and_has_them_all(run: Run) -> None:
    said = run("config", "--list-options").stdout.splitlines()
    assert max(map(len, said)) < 80
    assert {f"patcher.{each.name}" for each in listed(cli)} == {
        line.split()[0] for line in said if line[:8] == "patcher."
    }
