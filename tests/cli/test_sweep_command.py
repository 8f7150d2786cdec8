"""patcher sweep, as a user calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Git = Callable[..., str]


def test_a_range(run: Run, mini_repo: Path, git: Git) -> None:
    file = mini_repo / "arch/x86/xen/mmu.c"
    file.write_text(f"{file.read_text()}\n")
    git(mini_repo, "commit", "-q", "-a", "-m", "xen: one\x1b[31m")
    ran = run("sweep", "--tree", mini_repo, "-1", "-j", "1")
    assert (ran.code, ran.stderr) == (0, "")
    assert (
        "14 patches" in ran.stdout
        and "identity: 1 commit, plan and apply disagree on 0" in ran.stdout
        and "\x1b" not in ran.stdout
    )
    again = run("sweep", "HEAD~1..HEAD", "--tree", mini_repo, "--format", "json", "-q")
    assert [each["outcome"]["apply"] for each in json.loads(again.stdout)["commits"]] == ["14 patches"] * 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["HEAD"], "no commit of 'HEAD' touches arch/x86/xen/* or "),
        (["nothing..HEAD"], "has no commit 'nothing'"),
        (["HEAD^!", "--path", "Documentation/none"], "no commit of 'HEAD^!' touches Documentation/none"),
        (["HEAD^!", "--path", "../.."], "outside repository"),
        (["HEAD^!", "--path", ":(nothing)x"], "nothing"),
        (["HEAD^!", "--series", "nothing"], "there is no series"),
        (["HEAD^!", "--series", "identity,iomap"], "there is no series"),
        (["HEAD^!", "--on", "local:0"], "no number of workers"),
        (["HEAD^!", "--prove", "0"], "0 is not in the range"),
        ([], "the branch has no upstream"),
        (["HEAD^!", "--tree", "/nowhere"], "does not exist"),
        (["HEAD^!", "--tree", "/"], "is not a git repository"),
    ],
)
def test_bad_input_is_one_line(run: Run, mini_repo: Path, arguments: list[str], told: str) -> None:
    ran = run("sweep", *arguments, cwd=mini_repo)
    assert ran.code == 2 and told in ran.stderr and ran.stdout == ""
    assert ran.stderr.count("\n") <= (1 if ran.stderr.startswith("patcher: ") else 4)
