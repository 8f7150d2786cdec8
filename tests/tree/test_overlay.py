"""A tree with changes in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from patcher.tree.find import open_tree
from patcher.tree.overlay import PatchedTree

SETUP = "arch/x86/xen/setup.c"


def test_changed_and_new_files_are_seen(mini_original: Path, git: Callable[..., str]) -> None:
    base = open_tree(mini_original, None)
    tree = PatchedTree(base, {SETUP: b"int newword;\n", "new.c": b"int other;\n"})
    assert tree.read([SETUP, "new.c", "Makefile", "missing"]) == {
        SETUP: b"int newword;\n", "new.c": b"int other;\n", "Makefile": base.read(["Makefile"])["Makefile"],
    }  # fmt: skip
    assert tree.blobs([SETUP])[SETUP] == git(mini_original, "hash-object", "--stdin", text="int newword;\n")
    assert tree.paths().keys() == base.paths().keys() | {"new.c"}
    assert tree.search(["newword"], ["*"]) == (SETUP,)
    assert SETUP in base.search(["xen_memory_setup"], ["*"])
    assert SETUP not in tree.search(["xen_memory_setup"], ["*"])


def test_the_key_is_that_of_the_content(mini_original: Path) -> None:
    base = open_tree(mini_original, None)
    keys = {PatchedTree(base, changes).key for changes in ({}, {"a": b"1"}, {"a": b"2"}, {"b": b"1"})}
    assert len(keys) == 4
    assert PatchedTree(base, {"a": b"1"}).key == PatchedTree(base, {"a": b"1"}).key


def test_a_file_that_is_gone(mini_original: Path) -> None:
    base = open_tree(mini_original, None)
    tree = PatchedTree(base, {SETUP: None})
    assert SETUP not in tree.paths()
    assert tree.read([SETUP]) == {}
    assert tree.blobs([SETUP]) == {}
    assert SETUP not in tree.search(["xen_memory_setup"], ["arch/x86/xen/*"])
    assert tree.key != base.key


def test_a_search_keeps_to_its_paths(mini_original: Path) -> None:
    tree = PatchedTree(open_tree(mini_original, None), {"a/new.c": b"newword", "b/new.c": b"newword"})
    assert tree.search(["newword"], ["a/*"]) == ("a/new.c",)
    assert tree.search(["newword"], ["a", "*.h"]) == ("a/new.c",)
    assert tree.search(["newwor"], ["*"]) == ()
