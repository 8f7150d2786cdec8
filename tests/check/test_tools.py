"""Which programs are called, where they lie, and what make is told of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from patcher.check.tools import Tool, fitting, names, tools
from patcher.check.variables import Variables, for_arch, parted, variables
from patcher.errors import InputError

MODERN = {"Makefile": "ifneq ($(LLVM),)\nCC = clang\nendif\n", "scripts/Makefile.clang": "--target\n"}


@pytest.fixture
def toolchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Compilers of the user's own, in a directory of the PATH, beside what is none of the sandbox's business."""
    for name in ("far-linux-gcc", "clang", "ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy", "clang-99"):
        file = tmp_path / "own" / "bin" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/bin/sh\necho version 1 of $0\n")
        file.chmod(0o755)
    for directory in ("lib", "far-linux", "secrets"):
        (tmp_path / "own" / directory).mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'own/bin'}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "own"


def one(asked: str, arch: str = "arm64", given: Variables | None = None, tree: dict[str, str] | None = None) -> Tool:
    given = given or Variables()
    files = MODERN if tree is None else tree
    (found,) = tools(names(asked, given), arch, given)
    return fitting(found, arch, lambda path: files.get(path, ""))


def test_a_cross_compiler_of_the_users_own(toolchain: Path) -> None:
    found = one("gcc", given=Variables(cross_compile="far-linux-"))
    assert (found.missing, found.command) == ("", f"{toolchain}/bin/far-linux-gcc")
    assert found.given == (("CROSS_COMPILE", f"{toolchain}/bin/far-linux-"),)
    assert found.binutil("nm") == f"{toolchain}/bin/far-linux-nm"
    assert set(found.places) == {str(toolchain / name) for name in ("bin", "lib", "far-linux")}


def test_llvm_is_found_as_make_would_find_it(toolchain: Path) -> None:
    found = one("clang")
    assert dict(found.given) == {"LLVM": f"{toolchain}/bin/"}
    assert (found.missing, found.binutil("nm")) == ("", f"{toolchain}/bin/llvm-nm")
    assert str(toolchain / "secrets") not in found.places
    old = one("clang", "x86_64", tree={"Makefile": "CC = gcc\n"})
    assert (old.given, old.missing) == ((), "")
    between = one("clang", tree={"Makefile": MODERN["Makefile"]})
    assert dict(between.given)["CROSS_COMPILE"] == "aarch64-linux-gnu-"
    (toolchain / "bin" / "ld.lld").unlink()
    assert "Debian has it in lld" in one("clang", given=Variables(llvm=f"{toolchain}/bin/")).missing


def test_w_and_checkers_go_with_a_compiler(toolchain: Path) -> None:
    found = one("W=12", given=Variables(llvm="1"))
    assert found.plain is not None
    assert (found.plain.name, dict(found.given)["W"]) == ("clang", "12")
    assert names("", Variables(warnings="1")).compile == ("W=1",)
    assert names("", Variables(llvm="-15")).compile == ("clang",)
    assert names("kernel-doc,W=1,gcc,gcc", Variables()) == (("gcc", "W=1"), ("kernel-doc",))
    _, doubled = tools(names("W=1,gcc,kernel-doc", Variables()), "x86_64", Variables())
    assert ("cmd_checkdoc", "") in doubled.given


def test_cross_compile_is_for_one_architecture() -> None:
    given = Variables(cross_compile="far-")
    assert for_arch(given, "arm64", ["x86_64", "arm64"]).cross_compile == "far-"
    assert for_arch(given, "x86_64", ["x86_64", "arm64"]).cross_compile == ""
    assert for_arch(given, "i386", ["x86_64", "i386"]).cross_compile == "far-"
    named = Variables(arch="riscv", cross_compile="far-")
    assert [bool(for_arch(named, arch, ["riscv", "arm"]).cross_compile) for arch in ("riscv", "arm")] == [True, False]
    with pytest.raises(InputError, match="say which with ARCH="):
        for_arch(given, "arm", ["arm", "riscv"])


def test_the_command_line_goes_before_the_environment() -> None:
    words, given = parted(["ARCH=arm64", "v6.12..topic", "CROSS_COMPILE=ccache far-", "feature=x..HEAD"])
    assert words == ("v6.12..topic", "feature=x..HEAD")
    assert variables(given, {"ARCH": "arm", "W": "1", "LLVM": "0"}) == Variables("arm64", "far-", "", "1")
    with pytest.raises(InputError, match="in the environment"):
        variables({}, {"ARCH": "amd64"})
