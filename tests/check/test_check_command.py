"""``patcher check`` as a user calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from check.checking import append, commit_edits, require_gcc
from realgit import run_git

MMU = "arch/x86/xen/mmu.c"


@pytest.fixture(autouse=True)
def _tools() -> None:
    require_gcc()


def series(tree: Path) -> None:
    commit_edits(tree, "xen/mmu: nothing", {MMU: append("\n/* nothing */\n")})
    commit_edits(tree, "xen/mmu: debugfs only", {MMU: append("\n#ifdef CONFIG_XEN_DEBUG_FS\nint d = BAD;\n#endif\n")})
    commit_edits(tree, "doc", {"README": append("more\n")})


def test_a_range_with_configurations_of_its_own_choice(mini_repo: Path, run: Callable[..., Any]) -> None:
    series(mini_repo)
    ran = run("check", "HEAD~3", "--tree", mini_repo, "--trust-tree", "--format", "json", "-j", "2")
    assert ran.code == 1, ran.stderr
    report = json.loads(ran.stdout)
    assert {column["config"] for column in report["columns"]} == {
        "mini_defconfig", "noxen_defconfig", "xen32_defconfig",
    }  # fmt: skip
    (finding,) = report["findings"]
    assert (finding["commit"], finding["configs"]) == (2, ["mini_defconfig"])
    statuses = [{cell["status"] for cell in row["cells"]} for row in report["rows"]]
    assert statuses == [{"PASS"}, {"PASS", "FAIL"}, {"FAIL", "PASS"}]
    assert ran.stderr == (
        "patcher: configurations for what the series changes: mini_defconfig, noxen_defconfig, xen32_defconfig\n"
    )
    assert run("check", "HEAD~3", "--tree", mini_repo, "--trust-tree", "-q").stderr == ""


def test_a_branch_that_no_configuration_has_gets_one(mini_repo: Path, run: Callable[..., Any]) -> None:
    commit_edits(mini_repo, "no PAT", {MMU: append("\n#ifndef CONFIG_X86_PAT\nint p = BAD;\n#endif\n")})
    ran = run("check", "HEAD~1", "--tree", mini_repo, "--trust-tree", "--format", "json")
    (finding,) = json.loads(ran.stdout)["findings"]
    assert finding["configs"] == ["mini_defconfig-X86_PAT"]


def test_what_no_configuration_compiles_is_said(mini_repo: Path, run: Callable[..., Any]) -> None:
    alpha = "arch/alpha/kernel/pci-sysfs.c"
    commit_edits(mini_repo, "alpha", {alpha: append("\n/* more */\n")})
    ran = run("check", "HEAD~1", "--tree", mini_repo, "--trust-tree", "--configs", "mini_defconfig")
    assert (ran.code, "SKIP" in ran.stdout, "PASS" in ran.stdout) == (0, True, False)
    assert f"{alpha}: commit 1: no configuration that was checked builds it" in ran.unfolded


def test_patches(mini_repo: Path, run: Callable[..., Any], git: Callable[..., str], tmp_path: Path) -> None:
    series(mini_repo)
    (tmp_path / "all.mbox").write_text(git(mini_repo, "format-patch", "--stdout", "HEAD~3") + "\n")
    words = ("--tree", mini_repo, "--trust-tree", "--configs", "noxen_defconfig")
    ran = run("check", tmp_path / "all.mbox", "--base", "HEAD~3", *words)
    assert ran.code == 0, ran.stdout
    assert "3 PASS" in ran.stdout
    again = run("check", tmp_path / "all.mbox", "--base", "HEAD", *words)
    assert (again.code, "the tree has this change already" in again.unfolded) == (0, True)


def test_a_configuration_of_the_users(mini_repo: Path, run: Callable[..., Any], mini: Path) -> None:
    commit_edits(mini_repo, "touch", {MMU: append("\n/* touched */\n")})
    config = mini / "arch" / "x86" / "configs" / "mini_defconfig"
    ran = run("check", "HEAD~1", "--tree", mini_repo, "--trust-tree", "--configs", config)
    assert (ran.code, "1 PASS; 1 object compared" in ran.stdout) == (0, True)


def test_the_identity_series(mini_repo: Path, run: Callable[..., Any]) -> None:
    ran = run("check", "--series", "identity", "--tree", mini_repo, "--trust-tree", "--configs", "mini_defconfig")
    assert ran.code == 0, ran.stdout + ran.stderr
    assert "WARN" not in ran.stdout


def test_sparse_on_a_tree_that_does_not_run_it(mini_repo: Path, run: Callable[..., Any]) -> None:
    commit_edits(mini_repo, "touch", {MMU: append("\n/* touched */\n")})
    ran = run(
        "check", "HEAD~1", "--tree", mini_repo, "--trust-tree", "--configs", "mini_defconfig", "--with", "gcc,sparse"
    )
    assert (ran.code, "ERROR" in ran.stdout) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ("HEAD~1",),  # no --trust-tree
        ("HEAD~1", "--trust-tree", "--configs", "no such thing"),
        ("HEAD~1", "--trust-tree", "--with", "cobol"),
        ("HEAD~1", "--trust-tree", "--base", "HEAD"),
        ("HEAD..HEAD", "--trust-tree"),
        ("absent.patch", "--trust-tree"),
        ("x" * 5000, "--trust-tree"),  # longer than the name of any file
        ("--trust-tree",),
        ("--trust-tree", "--series", "none"),
        ("--trust-tree", "--series", "identity", "HEAD~1"),
    ],
)
def test_a_wrong_call_is_one_line(mini_repo: Path, run: Callable[..., Any], words: tuple[str, ...]) -> None:
    commit_edits(mini_repo, "touch", {MMU: append("\n/* touched */\n")})
    ran = run("check", *words, "--tree", mini_repo)
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1), ran.stderr


@pytest.mark.parametrize("name", ["gone.patch", "/nowhere/x", "../gone", "out/*.patch"])
@pytest.mark.parametrize("command", [("check", "--trust-tree"), ("check", "--trust-tree", "--base", "HEAD"), ("lint",)])
def test_a_file_that_is_not_there_is_called_that(
    mini_repo: Path, run: Callable[..., Any], command: tuple[str, ...], name: str
) -> None:
    ran = run(*command, name, cwd=mini_repo)
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"patcher: {name} does not exist: ")


def test_a_directory_of_format_patch(mini_repo: Path, run: Callable[..., Any], tmp_path: Path) -> None:
    commit_edits(mini_repo, "touch", {MMU: append("\n/* touched */\n")})
    run_git(mini_repo, "format-patch", "-q", "--cover-letter", "-o", tmp_path / "out", "HEAD~1")
    ran = run(
        "check", "--base", "HEAD~1", tmp_path / "out", "--tree", mini_repo, "--trust-tree",
        "--configs", "mini_defconfig",
    )  # fmt: skip
    assert ran.code == 0, ran.stdout + ran.stderr
    assert "[1/1] touch" in ran.stdout, ran.stdout


def test_a_commit_that_changes_the_configuration(mini_repo: Path, run: Callable[..., Any]) -> None:
    config = "arch/x86/configs/mini_defconfig"
    edits = {config: lambda text: text.replace("CONFIG_HPET=y\n", ""), MMU: append("\n/* touched */\n")}
    commit_edits(mini_repo, "no HPET", edits)
    ran = run("check", "HEAD~1", "--tree", mini_repo, "--trust-tree", "--configs", "mini_defconfig")
    assert ran.code == 0, ran.stdout
    assert "what commit 1 does to the configuration mini_defconfig" in ran.unfolded
