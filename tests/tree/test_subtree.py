"""A kernel that is a directory of a repository: named, or found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.errors import InputError
from patcher.tree.find import open_tree
from patcher.tree.subtree import SubTree, at_top, kernel_of

Git = Callable[..., str]


@pytest.fixture(scope="module")
def vendor(mini: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a kernel in bsp/linux, beside something else."""
    from realgit import run_git

    place = tmp_path_factory.mktemp("vendor") / "all"
    shutil.copytree(mini, place / "bsp" / "linux")
    (place / "Makefile").write_text("all:\n\techo no kernel\n")
    (place / "boot").mkdir()
    (place / "boot" / "Makefile").write_text("VERSION = 2010\nPATCHLEVEL = 12\n")  # a boot loader's looks like that
    run_git(place, "init", "-q")
    run_git(place, "add", "-A", "-f")
    run_git(place, "commit", "-qm", "all")
    return place


def test_it_is_found_and_has_the_same(vendor: Path, mini_original: Path) -> None:
    found, plain = kernel_of(open_tree(vendor, None), None), open_tree(mini_original, None)
    assert isinstance(found, SubTree) and found.where.endswith("directory bsp/linux")
    assert found.paths() == plain.paths() and found.key and found.key != plain.key
    assert found.read(["Makefile", "nowhere"]) == plain.read(["Makefile", "nowhere"])
    assert found.blobs(["Makefile"]) == plain.blobs(["Makefile"])
    for specs in (["arch/x86/*", "drivers/*.c"], ["*xen*"], [":(glob)arch/x86/xen/*.c"], []):
        assert found.search(["_PAGE_IOMAP", "VM_IO"], specs) == plain.search(["_PAGE_IOMAP", "VM_IO"], specs)


def test_it_can_be_named(vendor: Path) -> None:
    assert kernel_of(open_tree(vendor, None), "bsp/linux/").read(["Makefile"])
    with pytest.raises(InputError, match=r"bsp of .* has no kernel"):
        kernel_of(open_tree(vendor, None), "bsp")
    with pytest.raises(InputError, match="has no kernel"):
        kernel_of(open_tree(vendor, None), "../..")


def test_a_kernel_at_the_top_is_the_tree_itself(mini_original: Path) -> None:
    tree = open_tree(mini_original, None)
    assert kernel_of(tree, None) is tree and kernel_of(tree, ".") is tree


def test_of_several_one_must_be_named(vendor: Path, mini: Path, tmp_path: Path, git: Git) -> None:
    shutil.copytree(vendor, tmp_path / "two")
    shutil.copytree(mini, tmp_path / "two" / "other")
    git(tmp_path / "two", "add", "-A", "-f")
    git(tmp_path / "two", "commit", "-qm", "two")
    with pytest.raises(InputError, match=r"several kernels: bsp/linux, other: name one of them with --subdir"):
        kernel_of(open_tree(tmp_path / "two", None), None)


def test_plan_finds_it(run: Callable[..., object], vendor: Path) -> None:
    ended = run("plan", "--tree", vendor, "--format", "json")
    assert '"status": "applicable"' in ended.stdout, ended.stderr  # type: ignore[attr-defined]


def test_what_makes_commits_says_that_it_is_not_at_the_top(run: Callable[..., object], vendor: Path, git: Git) -> None:
    git(vendor, "commit", "-q", "--allow-empty", "-m", "more")
    for command in (("apply", "--dry-run"), ("check", "--trust-tree", "HEAD~1..HEAD")):
        ended = run(*command, "--tree", vendor)
        assert ended.code == 2, ended.stdout  # type: ignore[attr-defined]
        assert "the kernel is in the directory bsp/linux" in ended.stderr  # type: ignore[attr-defined]
        assert "git subtree split -P bsp/linux -b kernel" in ended.stderr  # type: ignore[attr-defined]


def test_a_kernel_at_the_top_and_no_kernel_are_no_matter_of_directories(mini_original: Path, vendor: Path) -> None:
    at_top(open_tree(mini_original, None))
    with pytest.raises(InputError, match="directory bsp/linux"):
        at_top(open_tree(vendor, None))
