"""Configurations that solve themselves, and branches that none of them has, in a small tree with Kconfig."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from check.checking import append, check, commit_edits, replace, require_gcc, table
from check.kconfigtree import require_kconfig, small_tree
from check.small_kbuild import small_kbuild
from realgit import run_git

from patcher.check.said import of_kconfig

NEW = 'config NEW\n\tbool "new"\n\tdepends on BUS && !QUICK\n'


@pytest.fixture(autouse=True)
def _tools() -> None:
    require_gcc()
    require_kconfig()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return small_tree(tmp_path / "linux")


def left_out(report: Any) -> list[str]:
    return [f"{each.what}: {each.reason}" for each in report.left_out if "does to the configuration" not in each.what]


def new_driver(tree: Path, code: str = "int new;\n") -> None:
    commit_edits(tree, "core: more", {"drivers/core.c": append("int more;\n")})
    commit_edits(
        tree, "new",
        {"drivers/Kconfig": append(NEW), "drivers/Makefile": append("obj-$(CONFIG_NEW) += new.o\n"),
         "drivers/new.c": append(code)},
    )  # fmt: skip


def test_a_symbol_that_the_series_adds_is_asked_for_from_there_on(tree: Path, tmp_path: Path) -> None:
    new_driver(tree, "static int unused(void) { return 0; }\n")
    report = check(tree, "base", tmp_path / "cache", configs="x86_64:defconfig+NEW")
    assert table(report) == ["PASS", "WARN"]
    assert [(each.commit, each.path) for each in report.findings] == [(2, "drivers/new.c")]
    assert report.notes[:2] == (
        "x86_64:defconfig+NEW: CONFIG_NEW is asked for from commit 2 on, which adds it",
        "x86_64:defconfig+NEW: set, too, as what was asked for needs it: BUS=y, QUICK=n",
    )
    again = check(tree, "base", tmp_path / "cache", configs="x86_64:defconfig+NEW")
    assert again == report


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("+NEW+QUICK", "CONFIG_NEW comes out as n, not y: NEW needs !QUICK: QUICK=y is asked for, too"),
        ("+NOWHERE", "CONFIG_NOWHERE comes out as n, not y: no Kconfig of the tree defines CONFIG_NOWHERE"),
        ("-64BIT", '!64BIT needs "x86_64" = "x86": the architecture is x86_64'),
    ],
)
def test_what_cannot_be_is_one_line(tree: Path, tmp_path: Path, asked: str, why: str) -> None:
    new_driver(tree)
    report = check(tree, "base", tmp_path / "cache", configs=f"x86_64:defconfig{asked}")
    assert table(report) == ["ERROR", "ERROR"]
    assert why in report.rows[0].cells[0].detail


def test_a_symbol_that_a_commit_makes_impossible(tree: Path, tmp_path: Path) -> None:
    commit_edits(tree, "core: more", {"drivers/core.c": append("int more;\n")})
    commit_edits(tree, "old: needs more", {"drivers/Kconfig": append("\tdepends on NOWHERE\n")})
    report = check(tree, "base", tmp_path / "cache", configs="x86_64:defconfig+OLD")
    assert table(report)[0].split()[0] == "PASS"
    assert table(report)[1].split()[0] == "FAIL"
    assert "OLD needs NOWHERE: no Kconfig of the tree defines CONFIG_NOWHERE" in report.findings[0].message


def test_a_dependency_that_a_commit_adds_is_set_from_the_base_on(tree: Path, tmp_path: Path) -> None:
    commit_edits(tree, "old: needs a bus", {"drivers/Kconfig": append("\tdepends on BUS\n")})
    report = check(tree, "base", tmp_path / "cache", configs="x86_64:defconfig+OLD")
    assert "x86_64:defconfig+OLD: set, too, as what was asked for needs it: BUS=y" in report.notes
    assert report.columns[0].made_of == "make ARCH=x86_64 defconfig BUS=y OLD=y"


def test_a_symbol_that_a_commit_removes_is_asked_for_until_then(tree: Path, tmp_path: Path) -> None:
    commit_edits(tree, "old: gone", {"drivers/Kconfig": replace('config OLD\n\ttristate "old"\n', "# none\n"),
                                     "drivers/Makefile": replace("obj-$(CONFIG_OLD) += old.o\n", "")})  # fmt: skip
    report = check(tree, "base", tmp_path / "cache", configs="x86_64:defconfig+OLD")
    assert "FAIL" not in table(report)[0]
    assert "x86_64:defconfig+OLD: CONFIG_OLD is asked for until commit 1, which removes it" in report.notes


def test_branches_that_no_configuration_has(tree: Path, tmp_path: Path) -> None:
    code = "#if defined(CONFIG_BUS) && !defined(CONFIG_QUICK)\nint a;\n#else\nint b;\n#endif\n"
    commit_edits(tree, "core", {"drivers/core.c": append(code)})
    quick = check(tree, "base", tmp_path / "cache", configs="x86_64:defconfig")
    assert left_out(quick) == [
        "commit 1, lines 2-3 of drivers/core.c: no configuration here has CONFIG_BUS=y and CONFIG_QUICK=n"
    ]
    both = check(tree, "base", tmp_path / "cache", configs="x86_64:defconfig,x86_64:defconfig+BUS-QUICK")
    assert left_out(both) == []


def test_sides_of_a_dependency_that_no_configuration_has(tree: Path, tmp_path: Path) -> None:
    new_driver(tree)
    report = check(tree, "base", tmp_path / "cache", configs="x86_64:defconfig,x86_64:defconfig+BUS")
    told = left_out(report)
    assert told == [
        "drivers/new.c: commit 2: no configuration that was checked builds it",
        "commit 2, line 3 of drivers/Kconfig: no configuration here has CONFIG_NEW=y",
    ]
    report = check(tree, "base", tmp_path / "cache", configs="x86_64:defconfig+NEW")
    assert left_out(report) == ["commit 2, line 5 of drivers/Kconfig: no configuration here has CONFIG_BUS=n"]


def test_configurations_are_chosen_for_what_a_series_adds(tree: Path, tmp_path: Path, run: Callable[..., Any]) -> None:
    new_driver(tree, "#ifdef CONFIG_OLD\nint o;\n#else\nint n;\n#endif\n")
    report = check(tree, "base", tmp_path / "cache", configs="auto")
    names = [column.config for column in report.columns]
    assert "x86_64:defconfig+NEW" in names
    assert any("+OLD" in name for name in names), names
    assert left_out(report) == []
    assert "ERROR" not in " ".join(table(report)), report.rows


def test_one_configuration_for_as_many_files_as_can_be(tree: Path, tmp_path: Path) -> None:
    commit_edits(
        tree, "drivers",
        {"drivers/Kconfig": append("".join(
            f'config {name}\n\tbool "{name}"\n\tdepends on {on}\n'
            for name, on in (("A", "BUS"), ("B", "!BUS"), ("C", "y"))
         )),
         "drivers/Makefile": append("obj-$(CONFIG_A) += a.o\nobj-$(CONFIG_B) += b.o\nobj-$(CONFIG_C) += c.o\n"),
         "drivers/a.c": append("int a;\n"), "drivers/b.c": append("int b;\n"), "drivers/c.c": append("int c;\n")},
    )  # fmt: skip
    run_git(tree, "tag", "-f", "base")
    commit_edits(tree, "all", {f"drivers/{name}.c": append("int more;\n") for name in ("a", "b", "c", "old")})
    report = check(tree, "base", tmp_path / "cache", configs="auto")
    names = [column.config.partition("x86_64:defconfig")[2] for column in report.columns if "i386" not in column.config]
    assert names == ["", "+A", "+B", "+C+OLD"]
    assert "drivers/" not in " ".join(left_out(report))
    assert sum(cell.count for cell in report.rows[0].cells) == 8, report.rows


def test_all_modules(tree: Path, tmp_path: Path) -> None:
    new_driver(tree)
    commit_edits(tree, "old", {"drivers/old.c": append("int more;\n")})
    report = check(tree, "base", tmp_path / "cache", configs="allmodconfig")
    assert [row.cells[0].count for row in report.rows][2] == 1  # only what the commit touches


def test_configurations_that_are_drawn(tree: Path, tmp_path: Path) -> None:
    new_driver(tree, "#ifdef CONFIG_OLD\n#error old\n#endif\n")
    report = check(tree, "base", tmp_path / "cache", configs="x86_64:randconfig:6")
    assert [column.config for column in report.columns] == [f"x86_64:randconfig@{seed}" for seed in range(1, 7)]
    (finding,) = report.findings
    one = check(tree, "base", tmp_path / "other", configs=finding.configs[0])
    assert [(each.commit, each.path, each.configs) for each in one.findings] == [
        (2, "drivers/new.c", finding.configs[:1])
    ]
    assert set(table(report)[0].split()) <= {"PASS", "SKIP"}  # the same configuration before and after


def test_a_hostile_kconfig(tree: Path, tmp_path: Path) -> None:
    secret, ran = tmp_path / "secret", tmp_path / "ran"
    secret.write_text("config TAKEN_FROM_OUTSIDE\n\tbool\n")
    runs = f'config RUN\n\tdef_bool "$(shell,touch {ran})"\n'
    commit_edits(tree, "hostile", {"drivers/Kconfig": append(f'{runs}{NEW}source "{secret}"\n')})
    report = check(tree, "base", tmp_path / "cache", configs="x86_64:defconfig+NEW")
    assert not ran.exists()
    assert table(report) == ["ERROR"]
    detail = report.rows[0].cells[0].detail
    assert f"drivers/Kconfig:8: '{secret}' not found" in detail
    assert "\n" not in detail


def test_a_kconfig_file_that_cannot_be_parsed(tmp_path: Path) -> None:
    require_gcc()
    tree = small_kbuild(tmp_path)
    says = 's/:.*//; s/.*/Kconfig:&: syntax error\\nKconfig:&: unknown statement "confg"/'
    parse = f"%config:\n\t@! grep -n confg $(srctree)/Kconfig | sed '{says}' | grep .\n"
    commit_edits(tree, "base: parse it", {"Makefile": replace("%config:\n", parse)})
    commit_edits(tree, "typo", {"Kconfig": append("confg TWO\n")})
    commit_edits(tree, "meanwhile", {"lib/text.c": append("\n/* more */\n")})
    commit_edits(tree, "mend it", {"Kconfig": replace("confg", "config")})
    report = check(tree, "HEAD~3", tmp_path / "cache", configs="x86_64:defconfig")
    (finding,) = report.findings
    assert (finding.commit, finding.path, finding.line, finding.source) == (1, "Kconfig", 2, "confg TWO")
    assert (finding.message, finding.until) == ('it cannot be configured: unknown statement "confg"', 3)
    assert [row.split()[0] for row in table(report)] == ["FAIL", "FAIL", "SKIP"]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("error: recursive dependency detected!\n\tsymbol A depends on B\n\tsymbol B depends on A\nFor a resolution\n",
         "recursive dependency: A depends on B, B depends on A"),
        ("Kconfig:6:error: recursive dependency detected!\nKconfig:6:\tsymbol A is selected by A\n",
         "recursive dependency: A is selected by A"),
        ('Kconfig:10: can\'t open file "nothing/Kconfig"\nmake: *** [Makefile:5: x] Error 1\n',
         'Kconfig:10: can\'t open file "nothing/Kconfig"'),
        ('a/Kconfig:13: syntax error\nKconfig:10: missing end statement for this entry\n',
         "Kconfig:10: missing end statement for this entry"),
        ("Kconfig:13: syntax error\n", "Kconfig:13: syntax error"),
        ("Kconfig:11:warning: ignoring type redefinition\nmake: *** [x] Error 1\n", ""),
    ],
)  # fmt: skip
def test_the_words_of_kconfig(output: str, expected: str) -> None:
    assert of_kconfig(output) == expected
