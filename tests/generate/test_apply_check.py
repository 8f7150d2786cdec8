"""``patcher apply --check``: the series is published only if every commit is good."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from patcher import data
from patcher.sandbox import available

Run = Callable[..., tuple[int, str, str]]
Git = Callable[..., str]
CONFIGS = ("--configs", "mini_defconfig")

pytestmark = pytest.mark.skipif(
    bool(available()) or not shutil.which("gcc"), reason=f"{available() or 'gcc is not installed'}"
)


def test_what_passes_is_published_and_the_letter_tells(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    git(mini_repo, "config", "user.name", "Local Name")
    code, out, err = run(
        "apply", "--tree", mini_repo, "--check", "--trust-tree", "--lint", "--signoff", "--branch", "x",
        "-o", tmp_path / "mails", "--report", tmp_path / "r.html", *CONFIGS,
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "14 commits, 2 checks: 28 PASS" in out
    assert git(mini_repo, "rev-list", "--count", "HEAD..x") == "14"
    letter = next((tmp_path / "mails").glob("0000-*")).read_text()
    assert "Compiled: each patch, through the tree's own Makefile" in letter
    assert "mini_defconfig" in letter
    assert "Patcher lint, each patch: 14 PASS." in letter
    report = (tmp_path / "r.html").read_text()
    at = [report.index(f">{each}<") for each in ("plan and generate", "compile", "lint", "messages and diffs")]
    assert len(set(at)) == len(at)
    assert "--check --lint --configs mini_defconfig --trust-tree" in report


def test_what_does_not_pass_is_not(run: Run, git: Git, mini_repo: Path, tmp_path: Path) -> None:
    series = tmp_path / "mine"
    shutil.copytree(data.directory("patches") / "identity", series)
    fragment = series / "lost-race/install.c"
    fragment.write_text(f"#ifdef __OPTIMIZE__\n#warning planted\n#endif\n{fragment.read_text()}")  # not for libclang
    refs = git(mini_repo, "for-each-ref")
    told = ["--check", "--trust-tree", "-o", tmp_path / "mails", *CONFIGS]
    code, out, err = run("apply", "--series-dir", series, "--tree", mini_repo, *told)
    assert code == 1
    assert "#warning planted" in out
    assert "no branch and no mail was made" in err
    assert git(mini_repo, "for-each-ref") == refs
    assert not (tmp_path / "mails").exists()


def test_the_tree_has_to_be_trusted(run: Run, git: Git, mini_repo: Path) -> None:
    code, _, err = run("apply", "--tree", mini_repo, "--check")
    assert (code, "say --trust-tree" in err) == (2, True)
    code, _, err = run("apply", "--tree", mini_repo, "--prove")
    assert (code, "go with --check" in err) == (2, True)
    assert git(mini_repo, "branch", "--list", "patcher/*") == ""
