from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from patience import not_stuck

from patcher.errors import InputError
from patcher.tree.directory import DirectoryTree
from patcher.tree.find import open_tree
from patcher.tree.gittree import GitTree

Git = Callable[..., str]


def test_a_repository(mini_original: Path) -> None:
    assert isinstance(open_tree(mini_original, None), GitTree)


def test_unpacked_sources(mini: Path, tmp_path: Path) -> None:
    shutil.copytree(mini, tmp_path / "linux")
    tree = open_tree(tmp_path / "linux", None)
    assert isinstance(tree, DirectoryTree)
    assert tree.commit == ""


def test_unpacked_sources_inside_another_repository(mini: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "something else")
    shutil.copytree(mini, tmp_path / "linux")
    assert isinstance(open_tree(tmp_path / "linux", None), DirectoryTree)


def test_unpacked_sources_have_no_revisions(mini: Path, tmp_path: Path) -> None:
    shutil.copytree(mini, tmp_path / "linux")
    with pytest.raises(InputError, match=r"not a git repository.*'v2.6.37'.*leave --rev away"):
        open_tree(tmp_path / "linux", "v2.6.37")


def test_all_three_have_the_same(mini: Path, mini_original: Path) -> None:
    trees = [DirectoryTree(mini), open_tree(mini_original, None), open_tree(mini_original, None, worktree=True)]
    first, *others = [tree.read(tree.paths()) for tree in trees]
    assert all(other == first for other in others)
    words = ["_PAGE_IOMAP", "VM_IO"]
    found = [tree.search(words, ["arch/x86/*", "drivers/*.c"]) for tree in trees]
    assert found[0] == found[1] == found[2] != ()
    ids = [tree.blobs(sorted(tree.paths())) for tree in trees]
    assert ids[0] == ids[1] == ids[2]


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist: name a kernel tree with --tree"):
        open_tree(tmp_path / "nowhere", None)


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is not a directory"):
        open_tree(tmp_path / "file", None)


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="does not exist"):
        open_tree(tmp_path / "link", None)


def test_a_link_to_a_repository(mini_original: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(mini_original)
    assert open_tree(tmp_path / "link", None).commit == open_tree(mini_original, None).commit


def test_a_link_into_a_repository(mini_original: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(mini_original / "arch" / "x86")
    assert open_tree(tmp_path / "link", None).commit == open_tree(mini_original, None).commit


def test_a_revision_or_the_worktree(mini_original: Path) -> None:
    with pytest.raises(InputError, match="contradict"):
        open_tree(mini_original, "HEAD", worktree=True)


@pytest.mark.parametrize("content", ["gitdir: /nowhere/at/all\n", "garbage", ""])
def test_a_broken_git_file(mini: Path, tmp_path: Path, content: str) -> None:
    """What a linked worktree leaves when its repository is gone: unpacked sources, or one clear line."""
    shutil.copytree(mini, tmp_path / "linux")
    (tmp_path / "linux" / ".git").write_text(content)
    try:
        tree = open_tree(tmp_path / "linux", None)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert tree.commit == ""
        assert tree.read(["Makefile"])


@pytest.mark.parametrize(
    "name", [".git", ".git/HEAD", ".git/config", ".git/commondir", ".git/packed-refs", ".git/refs/heads/x",
             ".git/objects/info/alternates", ".git/objects/aa/" + "b" * 38]
)  # fmt: skip
@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_a_repository_of_something_else_than_files(mini_repo: Path, name: str, kind: str) -> None:
    place = mini_repo / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(exist_ok=True)
    os.mkfifo(place) if kind == "fifo" else place.symlink_to("/dev/zero")
    with not_stuck(), pytest.raises(InputError, match=r"is no file|it is a (?:FIFO|device), not a file"):
        open_tree(mini_repo / "mm", None)


def test_what_git_would_quote_is_the_repositorys_own(mini_repo: Path, mini_original: Path, tmp_path: Path) -> None:
    packed = mini_repo / ".git" / "packed-refs"
    packed.unlink(missing_ok=True)
    (tmp_path / "secret").write_text("secret\n")
    packed.symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match=r"packed-refs leads out of the repository"):
        open_tree(mini_repo, None)
    packed.unlink()
    (tmp_path / "other" / "objects").mkdir(parents=True)
    (tmp_path / "other" / "packed-refs").write_text("# pack-refs with: peeled fully-peeled sorted \n")
    packed.symlink_to(tmp_path / "other" / "packed-refs")
    assert isinstance(open_tree(mini_repo, None), GitTree)  # as repo(1) has them
