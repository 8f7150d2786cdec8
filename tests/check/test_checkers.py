"""Checkers that kbuild runs beside the compiler, where the compiler fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from check.checking import append, check, commit_edits, replace, require_gcc, table
from check.small_kbuild import small_kbuild

TEXT = "lib/text.c"
CHECKS = """		$(KCFLAGS) -c -o $@ $(srctree)/$*.c
	@test "$(C)" != 2 || { echo '  CHECK   $(srctree)/$*.c'; cd $(O) && sparse -D__CHECK__ -I$(srctree)/include \\
		$(srctree)/$*.c; }
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    require_gcc()
    if not shutil.which("sparse"):
        pytest.skip("sparse is not installed")
    tree = small_kbuild(tmp_path)
    commit_edits(tree, "base: C=2", {"Makefile": replace("\t\t$(KCFLAGS) -c -o $@ $(srctree)/$*.c\n", CHECKS)})
    return tree


@pytest.mark.parametrize("tools", [["sparse"], ["gcc", "sparse"]])
def test_what_does_not_compile_is_told_once(tree: Path, cache_dir: Path, tools: list[str]) -> None:
    commit_edits(tree, "no such thing", {TEXT: replace("return x", "return nothing")})
    commit_edits(tree, "mended", {TEXT: replace("return nothing", "return x")})
    commit_edits(tree, "not static", {TEXT: append("\nint state;\n")})
    report = check(tree, "HEAD~3", cache_dir, configs="x86_64:defconfig", tools=tools)
    error, warning = report.findings
    assert (error.check, error.commit, error.path, error.line, error.until) == (tools[0], 1, TEXT, 4, 2)
    assert error.message.startswith("'nothing' undeclared")
    assert (warning.check, warning.commit, warning.line) == ("sparse", 3, 8)
    assert table(report) == [" ".join([each] * len(tools)) for each in ("FAIL", "PASS")] + [
        " ".join(["PASS"] * (len(tools) - 1) + ["WARN"])
    ]
