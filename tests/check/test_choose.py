"""Which objects are compiled, for real commits and configurations of a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from check.checking import append, commit_edits
from realgit import run_git

from patcher.check.adjust import Adjustments
from patcher.check.affected import Graph, included
from patcher.check.choose import Choice, choose
from patcher.check.configuration import Configuration
from patcher.check.configure import Configured, Prepared
from patcher.check.snapshot import take
from patcher.check.specs import Spec
from patcher.check.tools import Tool
from patcher.tree.find import open_repository

FILES = {
    "Makefile": "core-y := mm/\n",
    "mm/Makefile": "obj-y := a.o b.o\nobj-$(CONFIG_C) += c.o\n",
    "mm/a.c": '#include "x.h"\n',
    "mm/b.c": '#include "y.h"\nint use = word_of_x;\n',
    "mm/c.c": '#include "x.h"\n',
    "mm/x.h": "extern int word_of_x;\n",
    "mm/y.h": '#include "x.h"\n',
}
WITH_C, WITHOUT = "CONFIG_C=y\n", "# CONFIG_C is not set\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    place = tmp_path / "linux"
    place.mkdir()
    run_git(place, "init", "-q")
    commit_edits(place, "base", {path: append(text) for path, text in FILES.items()})
    run_git(place, "tag", "base")
    return place


def chosen(tree: Path, *configs: Sequence[str], most: int = 64, spec: str = "") -> Choice:
    """``configs``: the text of ``.config`` in each commit, the base first, for each configuration; "" for none.
    ``spec``: what all of them are, for as many tools."""
    commits = run_git(tree, "rev-list", "--reverse", "base..HEAD").split()
    series = take(open_repository(tree), run_git(tree, "rev-parse", "base"), commits)
    tool, nothing = Tool("gcc", "gcc", "12", ""), Adjustments((), {}, ())
    names = [f"config{number}" for number in range(len(configs))]
    specs = [Spec(spec or name, "", "", "", (), ()) for name in names]
    configurations = [
        Configuration(0, name, each, tool, nothing, 1, "") for name, each in zip(names, specs, strict=True)
    ]
    rows = [
        [Configured(text, "" if text else "broken", Prepared(text, ()) if text else None) for text in row]
        for row in zip(*configs, strict=True)
    ]

    def graph(arch: str) -> Graph:
        last = series[-1]
        return Graph(last.entries, included(last.include_lines(arch)), arch)

    return choose(series, configurations, rows, graph, most)


def test_a_source_is_compiled_where_it_is_built(tree: Path) -> None:
    commit_edits(tree, "c", {"mm/c.c": append("int c;\n")})
    choice = chosen(tree, [WITH_C] * 2, [WITHOUT] * 2)
    assert choice == Choice(((("mm/c.o",), ()), (("mm/c.o",), ())), ())


def test_what_no_configuration_builds_is_told(tree: Path) -> None:
    commit_edits(tree, "c", {"mm/c.c": append("int c;\n")})
    choice = chosen(tree, [WITHOUT] * 2, ["", ""])
    assert choice.targets == (((), ()), ((), ()))
    assert [(each.what, each.reason) for each in choice.left_out] == [
        ("mm/c.c", "commit 1: no configuration that was checked builds it")
    ]


def test_a_header_has_its_users_compiled_those_that_name_it_first(tree: Path) -> None:
    commit_edits(tree, "x", {"mm/x.h": lambda text: text.replace("int word_of_x", "long word_of_x")})
    assert chosen(tree, [WITH_C] * 2).targets[1] == (("mm/a.o", "mm/c.o", "mm/b.o"),)
    choice = chosen(tree, [WITH_C] * 2, most=1)
    assert choice.targets[1] == (("mm/b.o",),)
    assert [each.what for each in choice.left_out] == ["2 of 3 built files that include a header of commit 1"]


def test_those_that_name_the_rarest_word_are_first(tree: Path) -> None:
    struct = "struct task {\n\tint one;\n\tint many;\n\tint slack;\n};\n"
    names = {"mm/a.c": "task", "mm/b.c": "task", "mm/c.c": "task; int slack"}
    commit_edits(tree, "a struct", {
        "mm/x.h": append(struct), **{path: append(f"int {name};\n") for path, name in names.items()},
    })  # fmt: skip
    run_git(tree, "tag", "-f", "base")
    commit_edits(tree, "x", {"mm/x.h": lambda text: text.replace("int slack", "int lazy")})
    assert chosen(tree, [WITH_C] * 2, most=1).targets[1] == (("mm/c.o",),)


def test_a_makefile_has_its_directory_compiled(tree: Path) -> None:
    commit_edits(tree, "flags", {"mm/Makefile": append("ccflags-y := -Dx\n")})
    assert chosen(tree, [WITHOUT] * 2).targets == ((("mm/a.o", "mm/b.o"),), (("mm/a.o", "mm/b.o"),))


@pytest.mark.parametrize(
    "path", ["Makefile", "arch/x86/Makefile_32.cpu", "scripts/Makefile.lib", "scripts/mod/modpost.c"]
)
def test_what_is_for_all_of_the_build_has_some_objects_made(tree: Path, path: str) -> None:
    commit_edits(tree, "all", {path: append("# more\n")})
    choice = chosen(tree, [WITHOUT] * 2)
    assert choice.targets == ((("mm/a.o",),), (("mm/a.o",),))
    assert [(each.what, each.reason) for each in choice.left_out] == [
        (path, "commit 1: it is for all of the build; a few objects were made with it, and compared")
    ]


def test_rust_is_not_compiled_and_that_is_told(tree: Path) -> None:
    commit_edits(tree, "rust", {"mm/x.rs": append("fn x() {}\n")})
    (left_out,) = chosen(tree, [WITHOUT] * 2).left_out
    assert (left_out.what, left_out.reason) == ("mm/x.rs", "commit 1: Rust is not compiled")


def test_a_base_is_compared_under_the_old_name(tree: Path) -> None:
    run_git(tree, "mv", "mm/a.c", "mm/d.c")
    commit_edits(tree, "move", {"mm/Makefile": lambda text: text.replace("a.o b.o", "d.o b.o")})
    base, commit = chosen(tree, [WITHOUT] * 2).targets
    assert commit[0] == ("mm/d.o",)
    assert set(base[0]) == {"mm/a.o"}


def test_a_makefile_that_lists_one_more_has_that_compiled(tree: Path) -> None:
    commit_edits(tree, "one more", {"mm/Makefile": append("obj-y += d.o\n"), "mm/d.c": append("int d;\n")})
    commit_edits(tree, "always", {"mm/Makefile": lambda text: text.replace("obj-$(CONFIG_C)", "obj-y")})
    assert [commit[0] for commit in chosen(tree, [WITHOUT] * 3).targets[1:]] == [("mm/d.o",), ("mm/c.o",)]


def test_a_changed_configuration_is_told(tree: Path) -> None:
    commit_edits(tree, "b", {"mm/b.c": append("int b;\n")})
    choice = chosen(tree, [WITHOUT, WITH_C])
    assert choice.targets[1] == (("mm/b.o",),)
    assert [each.what for each in choice.left_out] == ["what commit 1 does to the configuration config0"]
    both = chosen(tree, [WITHOUT, WITH_C], [WITHOUT, WITH_C], spec="one").left_out
    assert [each.what for each in both] == ["what commit 1 does to the configuration one"]
