"""The P2M before and after each commit of a series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.prove import pictures, toolchain
from patcher.prove.build import build
from patcher.prove.laptop import example
from patcher.prove.picture import Kind
from patcher.prove.pictures import Machine, collect
from patcher.prove.program import Program
from patcher.prove.session import trees
from patcher.tree.directory import DirectoryTree
from patcher.tree.kernel import KernelTree

pytestmark = pytest.mark.skipif(bool(toolchain.missing(64)), reason="no compiler for 64 bits")
GOLDEN = Path(__file__).parents[1] / "generate" / "golden"
MMU, SETUP = "arch/x86/xen/mmu.c", "arch/x86/xen/setup.c"
LAPTOP = Machine("x86_64", *example(None))
CLAMP = "\tmax_pfn = min(MAX_DOMAIN_PAGES, max_pfn);\n"


def edited(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


def test_each_picture_is_there_once_and_what_has_none_says_why(
    mini_repo: Path, git: Callable[..., str], prove_cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit(subject: str) -> None:
        git(mini_repo, "add", "-A", "-f")
        git(mini_repo, "commit", "-q", "-m", subject)

    (mini_repo / "drivers/xen").mkdir(parents=True, exist_ok=True)
    (mini_repo / "drivers/xen/other.c").write_text("int other;\n")
    commit("xen: what no P2M is made of")
    edited(mini_repo / MMU, "/*\n * The P2M:", "/* A word. */\n/*\n * The P2M:")
    commit("xen/mmu: a word of comment")
    edited(mini_repo / SETUP, CLAMP, CLAMP + "\tBUG_ON(max_pfn > 7);\n")
    commit("xen/setup: more than seven")
    edited(mini_repo / SETUP, "\tBUG_ON(max_pfn > 7);\n", "\tno such thing;\n")
    commit("xen/setup: does not compile")
    edited(mini_repo / SETUP, "\tno such thing;\n", "")
    git(mini_repo, "apply", *map(str, sorted(GOLDEN.glob("*.patch"))))
    commit("xen: the identity series")
    built: list[str] = []

    def noted(tree: KernelTree, arch: str, cache: Cache) -> Program:
        built.append(tree.commit)
        return build(tree, arch, cache)

    monkeypatch.setattr(pictures, "build", noted)
    told: list[str] = []
    found = collect(trees(mini_repo, None, "v2.6.37-mini..", worktree=False), LAPTOP, prove_cache, told.append)
    assert told == [shot.subject for shot in found.shots]
    assert [shot.picture for shot in found.shots] == [0, 0, 0, -1, -1, 1]
    assert [shot.commit for shot in found.shots if shot.commit not in built] == [found.shots[1].commit]
    assert found.shots[3].reason.startswith(f"the boot ended with BUG() at {SETUP}:")
    assert found.shots[4].reason.startswith("its code does not compile: ")
    assert [bool(shot.reason) for shot in found.shots] == [False, False, False, True, True, False]
    old, new = found.pictures
    assert {page.kind for page in new.shared} - {page.kind for page in old.shared} == {Kind.IDENTITY}
    assert [before for *_, before in found.steps()] == [None, old, old, old, old, old]


def test_a_tree_without_a_p2m_has_a_reason(tmp_path: Path, prove_cache: Cache) -> None:
    (tmp_path / "Makefile").write_text("VERSION = 2\n")
    found = collect([("the tree", DirectoryTree(tmp_path))], LAPTOP, prove_cache)
    assert found.pictures == ()
    assert "has no P2M" in found.shots[0].reason


def test_a_map_that_cannot_be_played_is_wrong_input(mini: Path, prove_cache: Cache) -> None:
    machine = LAPTOP._replace(regions=())
    with pytest.raises(InputError, match="no whole page of RAM"):
        collect([("the tree", DirectoryTree(mini))], machine, prove_cache)


@pytest.mark.parametrize(
    ("path", "matters"),
    [("drivers/xen/events.c", False), ("Documentation/xen.txt", False), ("drivers/xen/Kconfig", True),
     ("drivers/xen/xen.h", True), ("kernel/bounds.c", True), (MMU, True)],
)  # fmt: skip
def test_what_no_p2m_is_made_of(path: str, matters: bool) -> None:
    assert pictures._is_elsewhere(path) is not matters
