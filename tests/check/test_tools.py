"""Which programs are called, where they lie, and what make is told of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from patcher.check.adjust import Adjustments
from patcher.check.configuration import Configuration
from patcher.check.specs import Spec
from patcher.check.tools import Tool, fitting, names, programs, tools
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


def test_what_is_missing_is_named_with_its_package(toolchain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (toolchain / "bin" / "llvm-nm-99").unlink(missing_ok=True)
    assert one("clang", given=Variables(llvm="-99")).missing.endswith("Debian has it in lld-99")
    monkeypatch.setenv("PATH", str(toolchain / "lib"))
    assert one("clang").missing == "clang is not installed: Debian has it in clang"
    assert one("clang", given=Variables(llvm="-98")).missing.endswith("Debian has it in clang-98")
    assert one("gcc", "x86_64").missing == "gcc is not installed: Debian has it in gcc"
    assert one("gcc", "riscv").missing.endswith("Debian has it in gcc-riscv64-linux-gnu")
    assert one("gcc", given=Variables(cross_compile="far-linux-")).missing == "far-linux-gcc is not installed"


def test_a_checker_that_is_missing_is_named(toolchain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (toolchain / "bin" / "gcc").symlink_to("clang")
    monkeypatch.setenv("PATH", str(toolchain / "bin"))
    assert one("sparse", "x86_64").missing == "sparse is not installed: Debian has it in sparse"
    assert one("smatch", "x86_64").missing == "smatch is not installed: Debian has no package of it"


@pytest.mark.parametrize(
    ("asked", "changed"),
    [
        ("gcc", "far-linux-as"), ("gcc", "far-linux-ld"), ("W=1", "far-linux-as"), ("modpost", "far-linux-nm"),
        ("clang", "ld.lld"), ("clang", "llvm-objcopy"), ("sparse", "sparse"), ("sparse", "far-linux-gcc"),
    ],
)  # fmt: skip
def test_another_version_is_another_key(toolchain: Path, asked: str, changed: str) -> None:
    (toolchain / "bin" / "sparse").write_text("#!/bin/sh\n")
    (toolchain / "bin" / "sparse").chmod(0o755)
    given = Variables() if asked == "clang" else Variables(cross_compile="far-linux-")

    def key() -> str:
        tool = one(asked, given=given)
        assert any(each.rpartition("/")[2] == changed for each in programs(tool))
        spec, nothing = Spec("", "arm64", "defconfig", "", (), ()), Adjustments((), {}, ())
        return Configuration(0, "", spec, tool, nothing, 1, "").key()

    before = key()
    assert key() == before
    file = toolchain / "bin" / changed
    file.write_text("#!/bin/sh\necho another version\n")
    file.chmod(0o755)
    assert key() != before


def test_a_variable_is_another_key(toolchain: Path) -> None:
    spec, nothing = Spec("", "arm64", "defconfig", "", (), ()), Adjustments((), {}, ())
    (toolchain / "bin" / "ld.lld-99").symlink_to("ld.lld")
    found = {
        Configuration(0, "", spec, one(asked, given=given), nothing, 1, "").key()
        for asked, given in (
            ("gcc", Variables()), ("gcc", Variables(cross_compile="far-linux-")), ("W=1", Variables()),
            ("W=2", Variables()), ("clang", Variables()), ("clang", Variables(llvm="-99")),
        )
    }  # fmt: skip
    assert len(found) == 6


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
