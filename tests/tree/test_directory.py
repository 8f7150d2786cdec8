from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.errors import InputError
from patcher.tree import directory
from patcher.tree.directory import DirectoryTree
from patcher.tree.find import open_tree
from patcher.tree.kernel import blob_id


@pytest.fixture
def tree(tmp_path: Path) -> DirectoryTree:
    place = tmp_path / "linux"
    (place / "mm").mkdir(parents=True)
    (place / "Makefile").write_text("VERSION = 2\nPATCHLEVEL = 6\n")
    (place / "mm" / "memory.c").write_text("vma->vm_flags |= VM_IO;\n")
    return DirectoryTree(place)


def test_paths_and_content(tree: DirectoryTree) -> None:
    assert sorted(tree.paths()) == ["Makefile", "mm/memory.c"]
    assert tree.read(["mm/memory.c", "no/such.c", "mm"]) == {"mm/memory.c": b"vma->vm_flags |= VM_IO;\n"}
    assert tree.blobs(["mm/memory.c", "no/such.c"]) == {"mm/memory.c": blob_id(b"vma->vm_flags |= VM_IO;\n")}
    assert (tree.commit, tree.key, tree.worktree) == ("", None, tree.root)


def test_links_are_not_followed(tree: DirectoryTree, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.c").write_text("VM_IO\n")
    (tree.root / "link.c").symlink_to(tmp_path / "outside" / "secret.c")
    (tree.root / "linked").symlink_to(tmp_path / "outside")
    (tree.root / "loop").symlink_to(tree.root)
    assert sorted(tree.paths()) == ["Makefile", "mm/memory.c"]
    assert tree.read(["link.c"]) == {}
    assert tree.search(["VM_IO"], ["*"]) == ("mm/memory.c",)


def test_nothing_outside_is_read(tree: DirectoryTree, tmp_path: Path) -> None:
    (tmp_path / "secret.h").write_text("#define SECRET\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.h").write_text("#define SECRET\n")
    (tree.root / "linked").symlink_to(tmp_path / "outside")
    assert tree.read(["../secret.h", str(tmp_path / "secret.h"), "linked/secret.h"]) == {}


def test_other_than_files_are_passed_over(tree: DirectoryTree) -> None:
    os.mkfifo(tree.root / "pipe.c")
    assert "pipe.c" not in tree.paths()
    assert tree.read(["pipe.c"]) == {}
    assert tree.search(["VM_IO"], ["*"]) == ("mm/memory.c",)


def test_ignored_files_are_files_all_the_same(tree: DirectoryTree) -> None:
    (tree.root / ".gitignore").write_text("mm/\n")
    assert tree.search(["VM_IO"], ["*.c"]) == ("mm/memory.c",)


def test_the_repositorys_own_files_are_no_sources(mini_repo: Path) -> None:
    tree = open_tree(mini_repo, None, worktree=True)
    (mini_repo / ".git" / "description").write_text("VM_IO\n")
    assert not [path for path in tree.paths() if path.startswith(".git/")]
    assert not [path for path in tree.search(["VM_IO"], ["*"]) if path.startswith(".git/")]


@pytest.mark.parametrize(
    "setting", ["submodule.recurse=true", "grep.fullName=true", "core.autocrlf=true", "color.ui=always"]
)
def test_settings_of_a_repository_around_change_nothing(
    tree: DirectoryTree, git: Callable[..., str], setting: str
) -> None:
    git(tree.root.parent, "init", "-q")
    git(tree.root.parent, "config", *setting.split("="))
    assert tree.search(["VM_IO"], ["*.c"]) == ("mm/memory.c",)


def test_a_tree_that_cannot_be_written_to(tree: DirectoryTree) -> None:
    for place in (tree.root / "mm", tree.root):
        place.chmod(0o555)
    assert tree.search(["VM_IO"], ["*.c"]) == ("mm/memory.c",)
    assert len(tree.read(tree.paths())) == 2
    for place in (tree.root, tree.root / "mm"):
        place.chmod(0o755)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_what_cannot_be_read_is_named(tree: DirectoryTree, kind: str) -> None:
    place = tree.root / "mm" if kind == "directory" else tree.root / "mm" / "memory.c"
    place.chmod(0)
    try:
        with pytest.raises(InputError, match="mm"):
            tree.read(tree.paths())
    finally:
        place.chmod(0o755)


def test_no_key_of_what_was_changed_just_now(tree: DirectoryTree) -> None:
    assert tree.key is None


def test_the_key_of_a_content(tree: DirectoryTree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "_SETTLED", -1)
    file = tree.root / "mm" / "memory.c"
    before = file.stat()
    assert tree.key
    assert DirectoryTree(tree.root).key == tree.key
    assert DirectoryTree(tree.root, "0" * 40).key is None  # its state is told by no commit
    while file.stat().st_ctime_ns == before.st_ctime_ns:
        file.write_text("vma->vm_flags |= VM_XX;\n")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert DirectoryTree(tree.root).key != tree.key
    seen = {DirectoryTree(tree.root).key}
    (tree.root / "mm" / "new.c").touch()
    seen.add(DirectoryTree(tree.root).key)
    file.unlink()
    seen.add(DirectoryTree(tree.root).key)
    assert len(seen) == 3
