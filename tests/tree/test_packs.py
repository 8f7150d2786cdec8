"""Commits that go from one repository to another: with their files or their history, and nothing that is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.tree.find import open_repository
from patcher.tree.githistory import GitHistory
from patcher.tree.gittree import GitTree
from patcher.tree.packs import Clone, boundary, pack, tips


@pytest.fixture
def commits(mini_repo: Path, git: Callable[..., str]) -> tuple[str, ...]:
    for number in range(3):
        (mini_repo / "README").write_text(f"{number}\n")
        git(mini_repo, "commit", "-q", "-a", "-m", f"commit {number}")
    return tuple(git(mini_repo, "rev-list", "--reverse", "HEAD").split())


def test_files_come_without_history_and_once(mini_repo: Path, commits: tuple[str, ...], tmp_path: Path) -> None:
    repository = open_repository(mini_repo)
    clone = Clone(tmp_path / "clone.git", 40)
    assert not clone.has(commits[2:3], history="")
    pack(repository, commits[2:3], clone.there(commits[2:3], history=""), tmp_path / "one", history=False)
    first = (tmp_path / "one").stat().st_size
    clone.take(tmp_path / "one", commits[2:3], (), history="")
    assert clone.has(commits[2:3], history="")
    assert not clone.has(commits[:1], history="")
    assert GitTree(clone.repository, commits[2]).entries == GitTree(repository, commits[2]).entries

    again = Clone(tmp_path / "clone.git", 40)
    pack(repository, commits[3:], again.there(commits[3:], history=""), tmp_path / "two", history=False)
    assert (tmp_path / "two").stat().st_size < first / 10
    again.take(tmp_path / "two", commits[3:], (), history="")
    assert GitTree(again.repository, commits[3]).read(["README"]) == {"README": b"2\n"}


def test_history(mini_repo: Path, git: Callable[..., str], commits: tuple[str, ...], tmp_path: Path) -> None:
    git(mini_repo, "branch", "other", commits[2])
    repository = open_repository(mini_repo)
    named = tips(repository, ())
    assert set(named) == {commits[0], commits[2], commits[3]}, "the tag's commit, too"
    clone = Clone(tmp_path / "clone.git", 40)
    pack(repository, named, (), tmp_path / "one", history=True)
    clone.take(tmp_path / "one", named, boundary(repository), history="state")
    assert clone.has(commits, history="state")
    assert not clone.has(commits, history="another")
    history = GitHistory(clone.repository, commits[3], Cache(tmp_path / "cache"))
    assert history.ancestors(commits[:3]) == set(commits[:3])
    assert not clone.repository.shallow


def test_a_shallow_history_ends_where_it_does(
    mini_repo: Path, git: Callable[..., str], commits: tuple[str, ...], tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", "--depth", "2", f"file://{mini_repo}", "shallow")
    repository = open_repository(tmp_path / "shallow")
    clone = Clone(tmp_path / "clone.git", 40)
    pack(repository, commits[3:], (), tmp_path / "one", history=True)
    clone.take(tmp_path / "one", commits[3:], boundary(repository), history="state")
    assert clone.repository.shallow
    assert boundary(clone.repository) == commits[2:3]


def test_what_is_beside_is_not_sent(mini_repo: Path, commits: tuple[str, ...], tmp_path: Path) -> None:
    repository = open_repository(mini_repo)
    clone = Clone(tmp_path / "clone.git", 40, repository.common)
    assert clone.has(commits, history="")
    assert set(clone.there(commits, history="")) == set(commits)
    assert not clone.has(commits, history="state")


def test_a_damaged_pack_is_refused(mini_repo: Path, commits: tuple[str, ...], tmp_path: Path) -> None:
    repository = open_repository(mini_repo)
    pack(repository, commits[3:], (), tmp_path / "one", history=False)
    content = bytearray((tmp_path / "one").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "one").write_bytes(content)
    clone = Clone(tmp_path / "clone.git", 40)
    with pytest.raises(InputError, match="git cannot take in objects of"):
        clone.take(tmp_path / "one", commits[3:], (), history="")
    assert not clone.has(commits[3:], history="")
    assert not list((tmp_path / "clone.git/objects/pack").iterdir())
