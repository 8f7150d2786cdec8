"""What libclang gets to see of a tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.source.prepare import Workspace, _write
from patcher.source.read import include_graph
from patcher.tree import kconfig, profile
from patcher.tree.config import from_profile
from patcher.tree.find import open_tree

SETUP, MMU = "arch/x86/xen/setup.c", "arch/x86/xen/mmu.c"


@pytest.mark.parametrize("path", ["/etc/passwd", "../out", "a/../../out", "a/..", "..", "", "a//b", "./a", "f/x",
                                  "n" * 300, "a\0b"])  # fmt: skip
def test_no_path_leaves_the_directory(tmp_path: Path, path: str) -> None:
    top = tmp_path / "top"
    top.mkdir()
    (top / "f").touch()
    with pytest.raises(InputError, match="hostile"):
        _write(top, path, b"evil")
    assert [each.name for each in tmp_path.rglob("*")] == ["top", "f"]


def test_names_with_two_dots_in_them_are_fine(tmp_path: Path) -> None:
    _write(tmp_path, "a..b/..c", b"fine")
    assert (tmp_path / "a..b" / "..c").read_bytes() == b"fine"


def test_there_is_what_was_brought_and_nothing_else(mini_original: Path, cache: Cache) -> None:
    tree = open_tree(mini_original, None)
    config = from_profile(tree, profile.load("x86_64-xen-dom0"), kconfig.read(tree))
    includes = include_graph(tree, config, [SETUP, MMU], cache)
    with Workspace(tree, config, includes, {}, cache) as space:
        space.bring(includes.reach([SETUP]))
        top = space.prepared.sources
        there = {file.relative_to(top).as_posix() for file in top.rglob("*") if file.is_file()}
        assert there >= {SETUP, *(includes.reach([SETUP]) & includes.blobs.keys())}
        assert MMU not in there
    assert not top.exists()


def test_what_is_not_what_its_id_says_is_refused(mini_original: Path, cache: Cache) -> None:
    tree = open_tree(mini_original, None)
    config = from_profile(tree, profile.load("x86_64-xen-dom0"), kconfig.read(tree))
    includes = include_graph(tree, config, [SETUP], cache)
    forged = includes._replace(blobs={**includes.blobs, SETUP: "0" * 40})
    with (
        Workspace(tree, config, forged, {}, cache) as space,
        pytest.raises(InputError, match="changed while it was read"),
    ):
        space.bring([SETUP])
