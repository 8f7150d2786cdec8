"""--debug and patcher bug: what a bug report needs, and nothing of one's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Git = Callable[..., str]


@pytest.fixture
def secret(tmp_path: Path, git: Git) -> dict[str, str]:
    """The environment of somebody who has a repository, secret-project, in the home directory."""
    place = tmp_path / "home/jane/secret-project/linux"
    place.mkdir(parents=True)
    git(place, "init", "-q")
    git(place, "commit", "-q", "--allow-empty", "-m", "x: Say it\n\nIt is time.")
    return {
        "HOME": str(tmp_path / "home/jane"), "USER": "jane", "LOGNAME": "jane", "GITHUB_TOKEN": "hunter2",
        "GIT_AUTHOR_NAME": "Jane Roe", "GIT_AUTHOR_EMAIL": "jane@example.org", "XDG_STATE_HOME": "", "NO_COLOR": "1",
    }  # fmt: skip


def private(text: str, tmp_path: Path) -> list[str]:
    """What of them a text gives away."""
    words = ("hunter2", "jane", "Jane", "Roe", "secret-project", "example.org", str(tmp_path))
    return [line for line in text.splitlines() if any(word in line for word in words)]


@pytest.mark.parametrize("before", [True, False])
def test_the_log(run: Run, secret: dict[str, str], tmp_path: Path, before: bool) -> None:
    place = tmp_path / "home/jane/secret-project/linux"
    words = ["--debug", "lint"] if before else ["lint", "--debug"]
    ran = run(*words, "-1", "--only", "sign-off-missing", cwd=place, env=secret)
    file = tmp_path / "home/jane/.local/state/patcher/debug.log"
    assert (ran.code, ran.stderr) == (1, f"patcher: --debug writes to {file}\n")
    text = file.read_text()
    assert private(text, tmp_path) == []
    assert f"called: {' '.join(words)} -1 --only sign-off-missing\n" in text
    assert "] git rev-list " in text and "] ended with 0 after 0." in text
    assert "environment: " in text and "NO_COLOR=1" in text and "GIT" not in text.partition("environment: ")[2][:200]
    assert text.splitlines()[-1].partition("exit code 1; ")[1]
    assert file.stat().st_mode & 0o777 == 0o600


def test_it_has_what_went_wrong(run: Run, secret: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "home/jane/secret-project/linux"
    ran = run("lint", f"--debug={tmp_path}/log", "nothing..jane", cwd=place, env=secret)
    assert ran.code == 2 and ran.stderr.count("\n") == 2
    text = (tmp_path / "log").read_text()
    assert "InputError" in text and 'File "<patcher>/lint/session.py"' in text and "exit code 2" in text
    assert private(text, tmp_path) == []


def test_the_name_of_the_log(run: Run, tmp_path: Path) -> None:
    """It has to be attached: a word behind is the command's."""
    mail = tmp_path / "x.patch"
    mail.write_text("From: A <a@b.c>\nSubject: [PATCH] x: y\n\ntext\n---\n")
    ran = run("lint", "--debug", "x.patch", env={"XDG_STATE_HOME": str(tmp_path)})
    assert ran.code == 1 and (tmp_path / "patcher/debug.log").exists()
    assert mail.read_text().startswith("From")
    for place in (tmp_path, tmp_path / "no/where"):
        ran = run("lint", f"--debug={place}", "x.patch")
        assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1) and "--debug=FILE" in ran.stderr


def test_stages(run: Run, mini_original: Path, tmp_path: Path, cache_dir: Path) -> None:
    run("plan", f"--debug={tmp_path}/log", "--tree", mini_original, env={"PATCHER_CACHE_DIR": str(cache_dir)})
    text = (tmp_path / "log").read_text()
    assert "stage: parsing (" in text and "stage: parsing took " in text and "<tree>" in text


def test_it_costs_nothing_when_off() -> None:
    names = "{'logging', 'patcher.redact', 'patcher.cli.log', 'subprocess'}"
    code = f"import sys, patcher.cli; print({names} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_report_of_a_bug(run: Run, secret: dict[str, str], tmp_path: Path, git: Git) -> None:
    place = tmp_path / "home/jane/secret-project/linux"
    git(place, "config", "patcher.lint.rules", f"{place}/rules")
    ran = run("bug", cwd=place, env=secret)
    assert (ran.code, ran.stderr) == (0, "")
    for said in (
        "patcher ", "libclang ", "git ", "gcc: ", "qemu-system-x86_64: ", "bwrap: ", "Linux ", "terminal: ",
        "sandbox: ", "NO_COLOR=1", "configuration: patcher.lint.rules = <tree>/rules from <tree>/.git/config",
    ):  # fmt: skip
        assert said in ran.stdout, said
    assert private(ran.stdout, tmp_path) == []


def test_a_report_where_much_is_missing(run: Run, tmp_path: Path) -> None:
    ran = run("bug", env={"PATH": str(tmp_path), "PATCHER_LIBCLANG": str(tmp_path / "no.so"), "HOME": ""})
    assert ran.code == 0 and "git was not found" in ran.stdout and "gcc: not found" in ran.stdout, ran
