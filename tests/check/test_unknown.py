"""CONFIG symbols that no Kconfig defines: what lines name, and what is said of commits in the small tree."""

from __future__ import annotations

from pathlib import Path

import pytest
from check.checking import append, commit_edits, replace
from check.kconfigtree import small_tree
from realgit import run_git

from patcher.cache import Cache
from patcher.check.kconfigs import Kconfigs
from patcher.check.results import Status
from patcher.check.snapshot import take
from patcher.check.store import Store
from patcher.check.unknown import column, named, unknown
from patcher.tree.find import open_repository

KCONFIG = """\
config A
	bool "a, for CAPITALS" if EXPERT
	depends on B && !C || \\
		D
	select E if F
	default "TEXT" if G != "$(H)"
	range 0x1F MOST
	help
		depends on NOTHING
if NET
endif
"""
CODE = """\
#if defined(CONFIG_A) || \\
	IS_ENABLED(CONFIG_B)	/* CONFIG_C */
#endif
// CONFIG_D
int f(void) { return IS_ENABLED(CONFIG_E) + CONFIG_F; }
"""
MAKE = "obj-$(CONFIG_A) += a.o # $(CONFIG_B)\nifdef CONFIG_C\nelse ifeq ($(CONFIG_D),y)\nendif\n"


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("mm/Kconfig", KCONFIG, ["EXPERT", "B", "C", "D", "E", "F", "G", "MOST", "NET"]),
        ("mm/a.c", CODE, ["A", "B", "E"]),
        ("mm/Makefile", MAKE, ["A", "C", "D"]),
        ("README", "CONFIG_A\n", []),
    ],
)
def test_what_lines_name(path: str, text: str, names: list[str]) -> None:
    assert [each.symbol for each in named(path, text)] == names


def said(tree: Path, cache: Path) -> list[list[str]]:
    """For each commit, what is missing."""
    commits = run_git(tree, "rev-list", "--reverse", "base..HEAD").split()
    series = take(open_repository(tree), run_git(tree, "rev-parse", "base"), commits)
    opened = Cache(cache)
    with Kconfigs(Store(opened)) as kconfigs:
        extra = column(series, unknown(series, kconfigs))
    opened.close()
    if extra is None:
        return []
    for status, _, findings in extra.by_commit.values():
        assert status is (Status.WARN if findings else Status.PASS)
    return [[f"{each.path}:{each.line}: {each.message}" for each in extra.by_commit[commit][2]] for commit in commits]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return small_tree(tmp_path / "linux")


def test_each_is_found_at_its_commit(tree: Path, tmp_path: Path) -> None:
    commit_edits(tree, "fine", {"drivers/core.c": append("#ifdef CONFIG_OLD\n#endif\n")})
    new = 'config NEW\n\tbool "new"\n\tdepends on BUS && NO_BUS\n\tselect NO_HELPER\n'
    commit_edits(tree, "depends, selects", {"drivers/Kconfig": append(new)})
    commit_edits(tree, "code", {"drivers/core.c": append("int x = IS_ENABLED(CONFIG_NO_CODE);\n")})
    commit_edits(tree, "make", {"drivers/Makefile": append("obj-$(CONFIG_NO_MAKE) += x.o\n")})
    none = "which no Kconfig of the tree defines"
    assert said(tree, tmp_path / "cache") == [
        [],
        [
            f"drivers/Kconfig:5: depends on NO_BUS, {none}",
            f"drivers/Kconfig:6: selects NO_HELPER, {none}",
        ],
        [f"drivers/core.c:4: goes by CONFIG_NO_CODE, {none}"],
        [f"drivers/Makefile:3: goes by CONFIG_NO_MAKE, {none}"],
    ]


def test_what_is_no_fault(tree: Path, tmp_path: Path) -> None:
    code = "#ifndef CONFIG_OWN\n#define CONFIG_OWN 1\n#endif\n#ifdef CONFIG_FLAG\n#endif\n#ifdef CONFIG_LATER\n#endif\n"
    commit_edits(
        tree, "own", {"drivers/core.c": append(code), "drivers/Makefile": append("ccflags-y += -DCONFIG_FLAG\n")}
    )
    commit_edits(tree, "later", {"drivers/Kconfig": append('config LATER\n\tbool "later"\n')})
    commit_edits(tree, "another architecture's", {"arch/arm/Kconfig": append("config ARM\n\tbool\n"),
                                                  "drivers/core.c": append("#ifdef CONFIG_ARM\n#endif\n")})  # fmt: skip
    assert said(tree, tmp_path / "cache") == []


def test_a_definition_that_goes_leaves_nobody_behind(tree: Path, tmp_path: Path) -> None:
    commit_edits(tree, "old: gone", {"drivers/Kconfig": replace('config OLD\n\ttristate "old"\n', "# none\n")})
    assert said(tree, tmp_path / "cache") == [["drivers/Makefile:2: goes by CONFIG_OLD, which this commit removes"]]
    commit_edits(tree, "old: gone everywhere", {"drivers/Makefile": replace("obj-$(CONFIG_OLD) += old.o\n", "")})
    assert said(tree, tmp_path / "cache") == []


def test_what_was_missing_before_is_not_told_again(tree: Path, tmp_path: Path) -> None:
    commit_edits(tree, "before", {"drivers/core.c": append("#ifdef CONFIG_NOWHERE\nint a;\n#endif\n")})
    run_git(tree, "tag", "-f", "base")
    commit_edits(tree, "moved", {"drivers/core.c": lambda text: f"#ifdef CONFIG_NOWHERE\nint a;\n#endif\n{text[:11]}"})
    assert said(tree, tmp_path / "cache") == []
