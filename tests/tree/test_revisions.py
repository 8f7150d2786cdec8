"""The commits of a range: one reading of it for every command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.errors import InputError
from patcher.tree.find import open_repository
from patcher.tree.gitrepo import Repository
from patcher.tree.revisions import base_of, commits, ends, touching, upstream

Git = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path, git: Git) -> Repository:
    """main: base, then on ``work``, which follows it: one, two, a merge of ``side`` (which has three), four."""
    place = tmp_path / "repo"
    place.mkdir()
    git(place, "init", "-q")

    def commit(name: str) -> None:
        (place / name).write_text(name)
        git(place, "add", "-A")
        git(place, "commit", "-q", "-m", name)

    commit("base")
    git(place, "checkout", "-q", "-b", "work", "--track", "main")
    commit("one")
    git(place, "checkout", "-q", "-b", "side", "work")
    commit("three")
    git(place, "checkout", "-q", "work")
    commit("two")
    git(place, "merge", "-q", "--no-ff", "-m", "merge", "side")
    commit("four")
    return open_repository(place)


def subjects(repository: Repository, asked: str, *, linear: bool = True) -> list[str]:
    return [each.subject for each in commits(repository, asked, linear=linear)]


def test_along_first_parents(repository: Repository) -> None:
    assert subjects(repository, "main..work") == ["one", "two", "merge", "four"]
    found = commits(repository, "main..work")
    assert [each.parent for each in found[1:]] == [each.id for each in found[:-1]]
    assert base_of(repository, found) == repository.commit("main")


def test_all_but_merges(repository: Repository) -> None:
    found = subjects(repository, "main..work", linear=False)
    assert (found[0], sorted(found[1:3]), found[3:]) == ("one", ["three", "two"], ["four"])


def test_what_is_left_out_is_head(repository: Repository, git: Git) -> None:
    assert commits(repository, "main") == commits(repository, "main..") == commits(repository, "main..HEAD")
    git(repository.worktree, "checkout", "-q", "main")
    assert subjects(repository, "..side") == ["one", "three"]


@pytest.mark.parametrize("linear", [True, False])
def test_one_commit_alone(repository: Repository, linear: bool) -> None:
    assert subjects(repository, "work~2^!", linear=linear) == ["two"]
    assert subjects(repository, "main^!", linear=linear) == ["base"]


@pytest.mark.parametrize(
    ("asked", "along", "every"),
    [
        ("-1", ["four"], ["four"]),
        ("-2", ["merge", "four"], ["three", "four"]),
        ("-2 work~2", ["one", "two"], ["one", "two"]),
        ("-1 main..work~2", ["two"], ["two"]),
        ("-2 HEAD~2^!", ["two"], ["two"]),
        ("-100", ["base", "one", "two", "merge", "four"], ["base", "one", "two", "three", "four"]),
        ("work~1^-", ["merge"], ["three"]),
        ("work~1^-2", ["two", "merge"], ["two"]),
        ("main...side", ["one", "three"], ["one", "three"]),
        ("side...main", ["one", "three"], ["one", "three"]),
        ("main...", ["one", "two", "merge", "four"], ["one", "two", "three", "four"]),
    ],
)
def test_as_git_has_it(repository: Repository, asked: str, along: list[str], every: list[str]) -> None:
    assert subjects(repository, asked) == along
    assert sorted(subjects(repository, asked, linear=False)) == sorted(every)


@pytest.mark.parametrize("asked", ["HEAD~2..", "work~2^!", "-1 work~2", "main...work", "-4"])
def test_the_ends_have_all_of_it_between_them(repository: Repository, asked: str) -> None:
    base, tip = ends(repository, asked)
    inside = repository.run("rev-list", f"{base}..{tip}", "--").decode().split()
    assert {each.id for each in commits(repository, asked, linear=False)} <= set(inside)


@pytest.mark.parametrize("linear", [True, False])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("nothing..HEAD", "no commit 'nothing'"),
        ("HEAD..nothing", "no commit 'nothing'"),
        ("nothing", "no commit 'nothing'"),
        ("nothing^!", "no commit 'nothing'"),
        ("work..main", "no commit in 'work..main'"),
        ("HEAD", r"no commit in 'HEAD\.\.HEAD'"),
        ("side...work~2", "two series, 1 commits of side and 1 of work~2"),
        ("main...main", "no commit in"),
        ("-0", "no count of commits"),
        ("-99999999999", "no count of commits"),
        ("-2 nothing", "no commit 'nothing'"),
        ("-2 -3", "is no range"),
        ("-2x", "is no range"),
        ("main^-", "no commit 'main\\^'"),
        ("main..work..HEAD", "is no range"),
        ("main..work^!", "is no range"),
        ("", "is no range"),
        ("..", "is no range"),
        ("-x", "is no range"),
        ("--all", "is no range"),
        ("HEAD:base", "it is a blob"),
    ],
)
def test_no_range(repository: Repository, wrong: str, said: str, linear: bool) -> None:
    with pytest.raises(InputError, match=said) as raised:
        commits(repository, wrong, linear=linear)
    assert "\n" not in str(raised.value)


def test_a_base_is_needed(repository: Repository, git: Git, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no parent"):
        base_of(repository, commits(repository, "main^!"))
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository.worktree}", "shallow")
    shallow = open_repository(tmp_path / "shallow")
    with pytest.raises(InputError, match=r"has no parent.*unshallow"):
        base_of(shallow, commits(shallow, "HEAD^!"))


def test_what_the_branch_follows(repository: Repository, git: Git) -> None:
    assert upstream(repository) == f"{repository.resolve('main')}..HEAD"
    git(repository.worktree, "checkout", "-q", "--detach")
    with pytest.raises(InputError, match="no upstream"):
        upstream(repository)


def test_what_touches_paths(repository: Repository) -> None:
    def subjects(asked: str, *paths: str) -> list[str]:
        return [each.subject for each in touching(repository, asked, paths)]

    assert subjects("main..work", "three") == ["base", "three"]
    both = subjects("main..work", "two", "three")
    assert (both[0], sorted(both[1:3]), both[3:]) == ("base", ["three", "two"], ["merge"]), "it brings two to three"
    assert set(subjects("main..work")) == {"base", "one", "three", "two", "merge", "four"}
    assert subjects("-2", "one", "two") == ["one", "two"], "no base, and the count is of those"
    assert subjects("work^!", "four") == ["four"]
    with pytest.raises(InputError, match=r"no commit of 'main\.\.work' touches five or six"):
        subjects("main..work", "five", "six")
