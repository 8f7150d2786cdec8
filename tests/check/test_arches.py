"""Several architectures, compilers and sets of warnings: a column each, compared with itself only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from check.checking import append, check, commit_edits, require_gcc, table
from check.small_kbuild import small_kbuild
from realgit import run_git

from patcher.check.arches import ARCHES
from patcher.check.results import Status

TEXT = "lib/text.c"
ONLY_ARM64 = "\n#ifdef ARCH_arm64\nint arm64 = BAD;\n#endif\n"
SET_ONLY = "\nint counted(void)\n{\n\tint seen;\n\n\tseen = 1;\n\treturn 0;\n}\n"
ITSELF = "\nint own(int x)\n{\n\tx = x;\n\treturn x;\n}\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    require_gcc()
    return small_kbuild(tmp_path)


def cross_or_skip(*programs: str) -> None:
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")


def test_each_fault_is_found_where_it_is(tree: Path, cache_dir: Path) -> None:
    cross_or_skip("aarch64-linux-gnu-gcc")
    commit_edits(tree, "harmless", {TEXT: append("\n/* nothing */\n")})
    commit_edits(tree, "arm64", {TEXT: append(ONLY_ARM64)})
    commit_edits(tree, "mended", {TEXT: lambda text: text.replace(ONLY_ARM64, "")})
    commit_edits(tree, "counts", {TEXT: append(SET_ONLY)})
    report = check(tree, "HEAD~4", cache_dir, configs="x86_64:defconfig,arm64:defconfig", tools=["gcc", "W=1"], jobs=2)
    assert [column.check for column in report.columns] == [
        "x86_64:defconfig gcc", "x86_64:defconfig W=1", "arm64:defconfig gcc", "arm64:defconfig W=1",
    ]  # fmt: skip
    assert table(report) == [
        "PASS PASS PASS PASS", "PASS PASS FAIL FAIL", "PASS PASS PASS PASS", "PASS WARN PASS WARN",
    ]  # fmt: skip
    assert [(each.commit, each.check, each.configs, each.until) for each in report.findings] == [
        (2, "gcc", ("arm64:defconfig",), 3), (4, "W=1", ("x86_64:defconfig", "arm64:defconfig"), 0),
    ]  # fmt: skip


def test_clang_needs_no_cross_compiler(tree: Path, cache_dir: Path) -> None:
    cross_or_skip("clang", "ld.lld", "llvm-ar")
    commit_edits(tree, "own", {TEXT: append(ITSELF)})
    report = check(tree, "HEAD~1", cache_dir, configs="arm64:defconfig", tools=["clang"])
    assert table(report) == ["WARN"], report.rows
    assert "LLVM" in (tree / "Makefile").read_text()


def test_code_of_another_architecture_brings_its_configuration(tree: Path, cache_dir: Path) -> None:
    cross_or_skip("aarch64-linux-gnu-gcc")
    commit_edits(tree, "arm64's", {"arch/arm64/two.c": append(f"{SET_ONLY}int bad = BAD;\n")})
    report = check(tree, "HEAD~1", cache_dir, configs="auto")
    assert [column.config for column in report.columns][-1] == "arm64:defconfig"
    assert table(report) == ["PASS PASS FAIL"]


def test_a_cross_compiler_that_is_missing_is_named(tree: Path, cache_dir: Path) -> None:
    commit_edits(tree, "touch", {TEXT: append("\n/* touched */\n")})
    for arch, wanted in (("alpha", "Debian has it in gcc-alpha-linux-gnu"), ("nios2", "set CROSS_COMPILE")):
        if shutil.which(f"{ARCHES[arch].triplet}-gcc"):
            pytest.skip(f"a compiler for {arch} is installed")
        built, cell = check(tree, "HEAD~1", cache_dir, configs=f"x86_64:defconfig,{arch}:defconfig").rows[0].cells
        assert (built.status, cell.status) == (Status.PASS, Status.SKIP)
        assert wanted in cell.detail


def test_where_no_compiler_is_there_it_is_one_line(tree: Path, run: Callable[..., Any]) -> None:
    commit_edits(tree, "touch", {TEXT: append("\n/* touched */\n"), "README": append("more\n")})
    words = ("HEAD~1", "--tree", tree, "--trust-tree")
    ran = run("check", *words, "--configs", "nios2:defconfig,xtensa:defconfig")
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1), ran.stderr
    assert "Debian has no compiler for nios2; set CROSS_COMPILE; Debian has no" in ran.stderr
    ran = run("check", *words, "--configs", "nios2:defconfig", "--lint")
    assert ran.code != 2, ran.stderr
    assert "SKIP Debian has no compiler for nios2" in ran.unfolded


def test_what_documents_change_says_what_is_missing(tree: Path, cache_dir: Path) -> None:
    commit_edits(tree, "words", {"README": append("more\n")})
    report = check(tree, "HEAD~1", cache_dir, configs="x86_64:defconfig,nios2:defconfig")
    assert [cell.status for cell in report.rows[0].cells] == [Status.SKIP, Status.SKIP]
    assert "CROSS_COMPILE" in report.rows[0].cells[1].detail


def test_variables_as_make_takes_them(tree: Path, run: Callable[..., Any]) -> None:
    cross_or_skip("aarch64-linux-gnu-gcc")
    commit_edits(tree, "counts", {TEXT: append(SET_ONLY)})
    words = ("--tree", tree, "--trust-tree", "--configs", "defconfig", "--format", "json")
    ran = run("check", "ARCH=arm64", "W=1", "HEAD~1", *words)
    assert ran.code == 1, ran.stderr
    (column,) = json.loads(ran.stdout)["columns"]
    assert (column["tool"], column["made_of"]) == ("W=1", "make ARCH=arm64 defconfig")
    assert "aarch64" in column["compiler"]


def test_without_a_range_it_is_what_upstream_lacks(tree: Path, run: Callable[..., Any]) -> None:
    words = ("--tree", tree, "--trust-tree", "--configs", "x86_64:defconfig")
    ran = run("check", *words)
    assert (ran.code, "no upstream" in ran.stderr) == (2, True)
    run_git(tree, "branch", "-q", "there")
    run_git(tree, "branch", "-q", "--set-upstream-to=there")
    commit_edits(tree, "touch", {TEXT: append("\n/* touched */\n")})
    assert run("check", *words).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("ARCH=vax",), ("CROSS_COMPILE=$(shell touch x)-",), ("CROSS_COMPILE=-x-",), ("LLVM=fifteen",), ("W=many",),
        ("KCFLAGS=-w",), ("--configs", "vax:defconfig"), ("--with", "gcc,W=9"),
        ("CROSS_COMPILE=x-", "--configs", "arm64:defconfig,riscv:defconfig"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_one_line(tree: Path, run: Callable[..., Any], words: tuple[str, ...]) -> None:
    commit_edits(tree, "touch", {TEXT: append("\n/* touched */\n")})
    ran = run("check", *words, "HEAD~1", "--tree", tree, "--trust-tree")
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1), ran.stderr
