"""-C, and ranges as git has them, on the command line of every command that takes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Git = Callable[..., str]


@pytest.fixture(scope="module")
def topic(tmp_path_factory: pytest.TempPathFactory, git: Git) -> Path:
    """A repository with four commits: base, and three that say one, two, three; a tag at the second."""
    place = tmp_path_factory.mktemp("topic") / "linux"
    (place / "drivers").mkdir(parents=True)
    git(place, "init", "-q")
    for name in ("base", "one", "two", "three"):
        (place / "drivers/x.c").write_text(f"int {name};\n")
        git(place, "add", "-A")
        git(place, "commit", "-q", "-m", f"x: Say {name}\n\nIt is time.")
    git(place, "tag", "first", "HEAD~2")
    git(place, "branch", "base", "HEAD~3")
    git(place, "checkout", "-q", "-b", "side", "base")
    git(place, "commit", "-q", "--allow-empty", "-m", "x: Say no")
    git(place, "checkout", "-q", "main")
    return place


def subjects(ran: Any) -> list[str]:
    """The commits that lint has looked at: nobody has signed one."""
    found = json.loads(ran.stdout)["findings"]
    return [each["summary"].removeprefix("x: Say ") for each in found if each["rule"] == "sign-off-missing"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-1"], ["three"]),
        (["-2"], ["two", "three"]),
        (["-10"], ["base", "one", "two", "three"]),
        (["-1", "HEAD~2"], ["one"]),
        (["HEAD~2", "-1"], ["one"]),
        (["-1", "first"], ["one"]),
        (["-1", "-2", "first.."], ["two", "three"]),
        (["--max-count", "2", "base..main"], ["two", "three"]),
        (["HEAD~1.."], ["three"]),
        (["first"], ["two", "three"]),
        (["first...main"], ["two", "three"]),
        (["main^-"], ["three"]),
        (["--", "-1"], ["three"]),
    ],
    ids=" ".join,
)
def test_ranges_of_lint(run: Run, topic: Path, words: list[str], expected: list[str]) -> None:
    assert subjects(run("lint", "--format", "json", *words, cwd=topic)) == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-0"], "not in the range"),
        (["-1", "nothing"], "no commit 'nothing'"),
        (["-1", "HEAD", "HEAD~1"], "-1 counts commits"),
        (["-1", "drivers"], "-1 counts commits"),
        (["-1x"], "No such option"),
        (["--skip", "-3"], "-3"),
        (["side...main"], "two series, 1 commits of side and 3 of main: give side..main"),
    ],
    ids=str,
)
def test_no_ranges(run: Run, topic: Path, words: list[str], said: str) -> None:
    ran = run("lint", *words, cwd=topic)
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert said in ran.stderr


def test_other_commands_take_them_too(run: Run, topic: Path) -> None:
    for command in (["check", "--trust-tree", "-1", "nothing"], ["prove", "-1", "--range", "nothing"],
                    ["prove", "--range", "-1 nothing"], ["status", "--since", "-1 nothing"]):  # fmt: skip
        ran = run(*command, cwd=topic)
        assert ran.code == 2, command
        assert "no commit 'nothing'" in ran.stderr or "not a kernel tree" in ran.stderr, (command, ran.stderr)
    assert "No such option '-3'" in run("plan", "-3", cwd=topic).stderr


@pytest.mark.parametrize(
    "words",
    [
        ["-C", "linux", "lint"], ["lint", "-C", "linux"], ["-C", "linux", "-C", "drivers", "lint"], ["-Clinux", "lint"],
        ["-C", "linux", "lint", "-C", "drivers"], ["-C", "", "-C", "linux/drivers", "lint", "-C", ".."],
        ["lint", "--tree", ".", "-C", "linux"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_as_if_started_there(run: Run, topic: Path, words: list[str], tmp_path: Path) -> None:
    assert subjects(run(*words, "--format", "json", "-1", cwd=topic.parent)) == ["three"]


def test_a_variable_of_make_is_no_part_of_a_range(run: Run, topic: Path) -> None:
    for words in (["ARCH=i386", "-1", "nothing"], ["-1", "ARCH=i386", "nothing"], ["nothing", "ARCH=i386", "-1"]):
        ran = run("check", "--trust-tree", *words, cwd=topic)
        assert (ran.code, "no commit 'nothing'" in ran.stderr) == (2, True), ran


def test_paths_are_relative_to_it(run: Run, topic: Path, tmp_path: Path) -> None:
    (tmp_path / "x.patch").write_text("From: A <a@b.c>\nSubject: [PATCH] x: y\n\ntext\n---\n")
    ran = run("lint", "-C", tmp_path, "x.patch", "-o", "found", cwd=topic)
    assert ran.code == 1 and "x.patch" in (tmp_path / "found").read_text()
    assert not (topic / "found").exists()


@pytest.mark.parametrize("words", [["-C", "nowhere", "rules", "list"], ["rules", "list", "-C", "nowhere"],
                                   ["rules", "-C", "x.c", "list"], ["lint", "-C", "a\nb"]], ids=str)  # fmt: skip
def test_a_place_that_is_none(run: Run, topic: Path, words: list[str]) -> None:
    ran = run(*words, cwd=topic / "drivers")
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "patcher: -C: cannot change to " in ran.stderr
