"""Several compilers: a column each, compared with itself only."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from check.checking import append, check, commit_edits, require_gcc, table

SETUP = "arch/x86/xen/setup.c"


def test_what_only_clang_says(mini_repo: Path, cache_dir: Path) -> None:
    require_gcc()
    if not shutil.which("clang"):
        pytest.skip("clang is not installed")
    commit_edits(mini_repo, "harmless", {SETUP: append("\nint same(int x)\n{\n\treturn x;\n}\n")})
    commit_edits(mini_repo, "to itself", {SETUP: append("\nint own(int x)\n{\n\tx = x;\n\treturn x;\n}\n")})
    commit_edits(mini_repo, "unused", {SETUP: append("\nstatic void idle(void)\n{\n}\n")})
    report = check(
        mini_repo, "HEAD~3", cache_dir, configs="mini_defconfig,i386:xen32_defconfig", tools=["gcc", "clang"]
    )
    assert [column.check for column in report.columns] == [
        "mini_defconfig gcc", "mini_defconfig clang", "i386:xen32_defconfig gcc", "i386:xen32_defconfig clang",
    ]  # fmt: skip
    assert table(report) == ["PASS PASS PASS PASS", "PASS WARN PASS WARN", "WARN WARN WARN WARN"]
    assert sorted((each.commit, each.check, len(each.configs)) for each in report.findings) == [
        (2, "clang", 2), (3, "clang", 2), (3, "gcc", 2),
    ]  # fmt: skip
