"""A series with planted faults: each is found, at the right commit and configuration, and nothing else is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from check.checking import append, check, commit_edits, replace, require_gcc, table

from patcher.check.results import Report

MMU, SETUP, MLOCK = "arch/x86/xen/mmu.c", "arch/x86/xen/setup.c", "mm/mlock.c"
PAGE_H = "arch/x86/include/asm/xen/page.h"
ALL = ("mini_defconfig", "i386:xen32_defconfig", "noxen_defconfig")
MINI64, XEN32, NOXEN = ALL


@pytest.fixture(scope="module")
def planted(mini_original: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The repository with the series, and the cache that its checks share."""
    place = tmp_path_factory.mktemp("planted")
    shutil.copytree(mini_original, place / "linux", symlinks=True)
    return place / "linux", place / "cache"


@pytest.fixture(scope="module")
def report(planted: tuple[Path, Path]) -> Report:
    require_gcc()
    tree, cache = planted
    commit_edits(tree, "base: warn", {MMU: append("\nstatic int old_one(void)\n{\n\treturn 1;\n}\n")})
    commit_edits(tree, "move lines", {MMU: lambda text: "/* A comment\n * above all.\n */\n" + text})
    commit_edits(tree, "replace a warning", {MMU: replace("old_one", "new_one")})
    commit_edits(tree, "break", {MMU: append("\nint twice(int x)\n{\n\treturn 2 * y;\n}\n")})
    commit_edits(tree, "elsewhere", {SETUP: lambda text: text + "\n/* nothing */\n"})
    commit_edits(tree, "repair", {MMU: replace("2 * y", "2 * x")})
    commit_edits(tree, "warn on 32 bit", {SETUP: append("\nunsigned long big(void)\n{\n\treturn 1UL << 40;\n}\n")})
    commit_edits(tree, "break without Xen", {MLOCK: append("\n#ifndef CONFIG_XEN\nint bad = NO_SUCH;\n#endif\n")})
    commit_edits(tree, "an unused function", {SETUP: append("\nstatic void idle(void)\n{\n}\n")})
    commit_edits(tree, "rename in a header", {PAGE_H: replace("mfn_to_local_pfn", "mfn_to_own_pfn")})
    return check(tree, "HEAD~9", cache)


def test_each_fault_is_found_where_it_is(report: Report) -> None:
    found = [(each.commit, each.kind, each.path, each.configs, each.until) for each in report.findings]
    assert found == [
        (2, "warning", MMU, (MINI64, XEN32), 0),
        (3, "error", MMU, (MINI64, XEN32), 5),
        (6, "warning", SETUP, (XEN32,), 0),
        (7, "error", MLOCK, (NOXEN,), 0),
        (8, "warning", SETUP, (MINI64, XEN32), 0),
        (9, "error", "drivers/xen/swiotlb-xen.c", (MINI64, XEN32), 0),
    ]


def test_the_table(report: Report) -> None:
    assert table(report) == [
        "PASS PASS PASS",
        "WARN WARN PASS",
        "FAIL FAIL PASS",
        "FAIL FAIL PASS",  # it still does not build here, though nothing of this commit is at fault
        "PASS PASS PASS",
        "PASS WARN PASS",
        "PASS PASS FAIL",
        "WARN WARN FAIL",
        "FAIL FAIL FAIL",
    ]


def test_what_is_said_of_them(report: Report) -> None:
    said = {each.commit: each for each in report.findings}
    assert "'new_one' defined but not used [-Wunused-function]" in said[2].message
    assert (said[3].function, said[3].source) == ("twice", "return 2 * y;")
    assert "shift count" in said[6].message
    assert "mfn_to_local_pfn" in said[9].message
    assert said[9].targets == ("drivers/xen/swiotlb-xen.o",)


def test_the_users_tree_is_as_before(report: Report, planted: tuple[Path, Path], git: Callable[..., str]) -> None:
    tree, cache = planted
    assert git(tree, "status", "--porcelain", "--ignored") == ""
    assert not list((cache / "check").glob("work-0/*"))


def test_the_second_run_builds_nothing(
    report: Report, planted: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from patcher.check.building import Build

    def built(*_: object, **__: object) -> None:
        raise AssertionError("it was built again")

    monkeypatch.setattr(Build, "make", built)
    tree, cache = planted
    again = check(tree, "HEAD~9", cache)
    assert again == report


def test_a_new_version_builds_what_differs(
    report: Report, planted: tuple[Path, Path], git: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from patcher.check.building import Build

    tree, cache = planted
    git(tree, "checkout", "-q", "-b", "v2", "HEAD~2")
    commit_edits(tree, "an unused function, v2", {SETUP: append("\nstatic void idle2(void)\n{\n}\n")})
    made: list[str] = []
    make = Build.make

    def noting(self: Build, targets: list[str], **others: Any) -> object:
        made.extend(targets)
        return make(self, targets, **others)

    monkeypatch.setattr(Build, "make", noting)
    second = check(tree, "HEAD~8", cache)
    assert set(made) == {"arch/x86/xen/setup.o"}
    assert [each.message for each in second.findings if each.commit == 8] == [
        "'idle2' defined but not used [-Wunused-function]"
    ]


@pytest.mark.parametrize("kind", ["fifo", "device", "directory", "huge"])
def test_a_configuration_that_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    import os

    from patcher import files
    from patcher.check.specs import parse
    from patcher.errors import InputError

    monkeypatch.setattr(files, "WRITER_SECONDS", 0.1)
    place = tmp_path / "config"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "device":
        place.symlink_to("/dev/zero")
    elif kind == "directory":
        place.mkdir()
    else:
        with place.open("wb") as sparse:
            sparse.truncate(2**40)
    with pytest.raises(InputError, match="config"):
        parse([f"x86_64:{place}"])
