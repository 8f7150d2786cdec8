"""patcher lint in the programs it fits in: the lines that docs/lint.md tells to paste, with the real programs."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Git = Callable[..., str]
Call = Callable[..., "subprocess.CompletedProcess[str]"]
DOCS = Path(__file__).parents[2] / "docs" / "lint.md"
SIGN = "Signed-off-by: A U Thor <author@example.org>"
BAD = "xen: Add it.\n\nIt is needed.\n\nSinged-off-by: A U Thor <author@example.org>"


def pasted(after: str) -> str:
    """The indented lines that follow the paragraph beginning with ``after`` in the documentation."""
    section = DOCS.read_text().partition("\n## Where it fits in\n")[2].partition("\n## ")[0]
    found = re.search(rf"^{re.escape(after)}[^\n]*(?:\n[^\n]+)*\n\n((?:    [^\n]*\n|\n)+)", section, re.MULTILINE)
    assert found, f"docs/lint.md tells nothing to paste for {after}"
    return textwrap.dedent(found.group(1)).strip() + "\n"


@pytest.fixture
def programs(tmp_path: Path, command_environment: dict[str, str]) -> dict[str, str]:
    """An environment in which ``patcher`` is this one. Programs have a home of their own."""
    place = tmp_path / "bin"
    place.mkdir()
    (place / "patcher").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m patcher "$@"\n')
    (place / "patcher").chmod(0o755)
    path = os.pathsep.join([str(place), str(Path(sys.executable).parent), os.environ["PATH"]])
    dated = {name: value for name, value in command_environment.items() if not name.endswith("_DATE")}
    return {**dated, "PATH": path, "HOME": str(tmp_path), "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")}


@pytest.fixture
def call(programs: dict[str, str]) -> Call:
    """``call(directory, *command)`` in that environment."""

    def run(directory: Path, *command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=directory, env={**programs, **more}, capture_output=True, text=True, check=False
        )

    return run


def add_bad_commit(git: Git, repository: Path) -> None:
    with (repository / "drivers/xen/b4.txt").open("a") as file:
        file.write("x\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "--no-verify", "-m", BAD)


def test_b4_prep_check(git: Git, mini_repo: Path, call: Call, command_environment: dict[str, str]) -> None:
    if importlib.util.find_spec("b4") is None:  # not imported: it changes what email does with UTF-8
        pytest.skip("b4 is not installed")
    for line in (
        "git config user.name 'A U Thor'",
        "git config user.email author@example.org",
        pasted("b4, in the tree"),
    ):
        assert call(mini_repo, *shlex.split(line)).returncode == 0
    modules = {"PYTHONPATH": os.pathsep.join([command_environment["PYTHONPATH"], *sys.path])}
    b4 = [sys.executable, "-m", "b4.command", "--offline-mode", "--no-stdin"]
    prepared = call(mini_repo, *b4, "prep", "-n", "x", "-f", "HEAD", **modules)
    assert prepared.returncode == 0, prepared.stderr
    (mini_repo / "drivers/xen/b4.txt").write_text("x\n")
    assert call(mini_repo, "git", "add", "-A").returncode == 0
    assert call(mini_repo, "git", "commit", "-q", "-m", BAD).returncode == 0  # of today: b4 looks back one year
    ran = call(mini_repo, *b4, "prep", "--check", **modules)
    said = ran.stdout + ran.stderr
    assert "ERROR: Singed-off-by: looks like Signed-off-by:" in said, said
    assert "WARNING: the summary ends with a full stop" in said


def test_the_sendemail_validate_hook(tmp_path: Path, git: Git, series: Path, call: Call) -> None:
    if not (Path(git(series, "--exec-path")) / "git-send-email").exists() and not shutil.which("git-send-email"):
        pytest.skip("git send-email is not installed")
    if subprocess.run(["perl", "-MMail::Address", "-e1"], capture_output=True, check=False).returncode:
        pytest.skip("git send-email lacks Perl's Mail::Address")
    hook = series / ".git/hooks/sendemail-validate"
    hook.write_text(pasted("git send-email"))
    hook.chmod(0o755)
    git(series, "format-patch", "-q", "-1", "-o", tmp_path / "out")
    to = ("--to=x@example.org", "--from=a@example.org", "--suppress-cc=all", "--smtp-server=/bin/true")
    send = ("git", "send-email", "--dry-run", "--quiet", "--confirm=never", "--validate", *to, tmp_path / "out")
    good = call(series, *send)
    assert good.returncode == 0, good.stderr
    (file,) = (tmp_path / "out").iterdir()
    file.write_text(file.read_text().replace("Signed-off-by", "Singed-off-by"))
    bad = call(series, *send)
    assert bad.returncode != 0
    assert "looks like Signed-off-by" in bad.stderr


@pytest.fixture
def pre_commit(series: Path, git: Git, tmp_path: Path, call: Call) -> Path:
    """A series whose repository has the documented hook installed, and an ``origin`` to push to that has main."""
    if importlib.util.find_spec("pre_commit") is None:
        pytest.skip("pre-commit is not installed")
    git(tmp_path, "init", "-q", "--bare", tmp_path / "origin.git")
    git(series, "remote", "add", "origin", tmp_path / "origin.git")
    git(series, "push", "-q", "origin", "main")
    git(series, "branch", "-q", "-u", "origin/main")
    (series / ".pre-commit-config.yaml").write_text(pasted("pre-commit"))
    (series / ".git/info/exclude").write_text(".pre-commit-config.yaml\n")
    kinds = ("--hook-type", "commit-msg", "--hook-type", "pre-push")
    installed = call(series, sys.executable, "-m", "pre_commit", "install", *kinds)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return series


def test_pre_commit_by_hand(pre_commit: Path, git: Git, call: Call) -> None:
    run = (sys.executable, "-m", "pre_commit", "run", "--hook-stage", "pre-push", "--verbose")
    good = call(pre_commit, *run)
    assert (good.returncode, "lint: nothing found" in good.stdout) == (0, True), good.stdout + good.stderr
    add_bad_commit(git, pre_commit)
    bad = call(pre_commit, *run)
    assert bad.returncode == 1
    assert "looks like Signed-off-by" in bad.stdout


def test_pre_commit_before_a_push(pre_commit: Path, git: Git, call: Call) -> None:
    good = call(pre_commit, "git", "push", "origin", "HEAD:refs/heads/topic")
    assert good.returncode == 0, good.stderr
    assert "Passed" in good.stdout + good.stderr
    pushed = git(pre_commit, "rev-parse", "HEAD")
    add_bad_commit(git, pre_commit)
    bad = call(pre_commit, "git", "push", "origin", "HEAD:refs/heads/topic")
    assert bad.returncode != 0
    assert "looks like Signed-off-by" in bad.stdout + bad.stderr
    assert git(pre_commit, "ls-remote", "origin", "refs/heads/topic").split()[0] == pushed


def commit(call: Call, repository: Path, message: str, *more: str) -> subprocess.CompletedProcess[str]:
    """A commit that adds a line, as a user makes it: hooks run. Git opens an editor where it is told ``-e``."""
    with (repository / "drivers/xen/Makefile").open("a") as file:
        file.write("# more\n")
    (repository / "../message").write_text(message)
    return call(repository, "git", "commit", "-q", "-a", "-F", "../message", *more, GIT_EDITOR="true")


def test_pre_commit_while_a_message_is_written(pre_commit: Path, git: Git, call: Call) -> None:
    before = git(pre_commit, "rev-parse", "HEAD")
    bad = commit(call, pre_commit, BAD)
    assert bad.returncode != 0 and git(pre_commit, "rev-parse", "HEAD") == before
    assert "message line 5: error: Singed-off-by: looks like Signed-off-by:" in bad.stdout + bad.stderr
    assert "summary-full-stop" in bad.stdout + bad.stderr
    good = commit(call, pre_commit, f"xen: Add it\n\nIt is needed.\n\n{SIGN}\n", "-e", "-v")  # the diff below scissors
    assert good.returncode == 0, good.stdout + good.stderr


def test_the_commit_msg_hook(series: Path, git: Git, call: Call) -> None:
    hook = series / ".git/hooks/commit-msg"
    hook.write_text(pasted("git's own hook"))
    hook.chmod(0o755)
    bad = commit(call, series, f"xen: Add it.\n\nIt is needed.\n\n{SIGN}\n", "--author=B <b@example.org>")
    assert bad.returncode != 0
    assert "[summary-full-stop]" in bad.stderr and "B <b@example.org>, did not sign off" in bad.stderr
    good = commit(call, series, f"xen: Add it\n# a comment.\n\nIt is needed.\n\n{SIGN}\n", "-e")
    assert (good.returncode, git(series, "log", "-1", "--format=%s")) == (0, "xen: Add it"), good


def test_hooks_for_those_who_install_from_here() -> None:
    """They are those that docs/lint.md pastes, with another language."""
    hooks = {each["id"]: each for each in yaml.safe_load((DOCS.parents[1] / ".pre-commit-hooks.yaml").read_text())}
    (local,) = yaml.safe_load(pasted("pre-commit"))["repos"]
    for each in local["hooks"]:
        there = hooks[each["id"]]
        assert there["entry"] == each["entry"] and there["language"] == "python"
        assert set(each["stages"]) <= set(there["stages"])
    assert len(local["hooks"]) == len(hooks)


def test_a_ci_job(pre_commit: Path, git: Git, tmp_path: Path, call: Call, sarif_schema: Any) -> None:
    """In a fresh clone, as a CI job has it: the branch checked out without a branch."""
    lines = pasted("A CI job").splitlines()
    git(pre_commit, "push", "-q", "--no-verify", "origin", "main:master")
    for number, code in ((1, 0), (2, 1)):
        git(pre_commit, "push", "-q", "--no-verify", "origin", f"HEAD:refs/heads/topic{number}")
        clone = tmp_path / f"clone{number}"
        git(tmp_path, "clone", "-q", "--branch", f"topic{number}", tmp_path / "origin.git", clone)
        git(clone, "checkout", "-q", "--detach")
        done = call(clone, "sh", "-e", "-c", "\n".join(lines))
        assert (done.returncode, done.stderr) == (code, "")
        report = json.loads((clone / "lint.sarif").read_text())
        sarif_schema.validate(report)
        results = {each["ruleId"] for each in report["runs"][0]["results"]}
        assert ("tag-name" in results) == bool(code)
        add_bad_commit(git, pre_commit)
