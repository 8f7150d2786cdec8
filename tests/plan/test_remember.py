"""A plan is made once for the same content, and made again where anything that it is made of is another."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Git

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.plan import make, remember, session
from patcher.tree import directory
from patcher.tree.find import open_tree


def test_the_same_is_planned_once(mini_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree, wanted = open_tree(mini_repo, None), session.request("identity", scope="xen")
    cache = Cache(tmp_path)
    made = make.make_plan(tree, wanted, cache)
    monkeypatch.setattr(make, "plan_and_patches", None)
    assert make.make_plan(open_tree(mini_repo, None), wanted, cache) == made
    cache.close()


def test_what_is_not_whole_is_not_kept(mini_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHER_PARSE_SECONDS", "0.001")
    cache, tree = Cache(tmp_path), open_tree(mini_repo, None)
    wanted = session.request("identity", scope="xen")
    try:
        make.make_plan(tree, wanted, cache)
    except InputError as error:
        assert "libclang" in str(error)
    name = remember.key(tree, wanted)
    assert name and remember.load(name, cache) is None
    cache.close()


def test_a_key_is_of_all_that_a_plan_is_made_of(mini_repo: Path, git: Git) -> None:
    keys = {remember.key(open_tree(mini_repo, None), session.request("identity", scope=each)) for each in ("xen", "")}
    keys.add(remember.key(open_tree(mini_repo, None), session.request("identity", profile="i386-xen-dom0")))
    (mini_repo / "README").write_text("another tree\n")
    git(mini_repo, "add", "-A")
    git(mini_repo, "commit", "-qm", "another")
    keys.add(remember.key(open_tree(mini_repo, None), session.request("identity", scope="xen")))
    assert len(keys) == 4 and None not in keys


def test_a_directory_is_planned_once(mini_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "_SETTLED", -1)
    (mini_repo / ".git").rename(tmp_path / "elsewhere")
    wanted, cache = session.request("identity", scope="xen"), Cache(tmp_path / "cache")
    made = make.make_plan(open_tree(mini_repo, None), wanted, cache)
    asked: list[object] = []

    def planned(*each: object) -> make.Planned:
        asked.append(each)
        return make.Planned(made, (), False)

    monkeypatch.setattr(make, "plan_and_patches", planned)
    assert make.make_plan(open_tree(mini_repo, None), wanted, cache) == made
    assert not asked
    with (mini_repo / "arch/x86/xen/mmu.c").open("a") as file:
        file.write("/* changed */\n")
    make.make_plan(open_tree(mini_repo, None), wanted, cache)
    assert len(asked) == 1
    cache.close()


def test_what_has_no_key_is_planned_each_time(mini_repo: Path) -> None:
    wanted = session.request("identity", scope="xen")
    assert remember.key(open_tree(mini_repo, None, worktree=True), wanted) is None
    built = session.request("identity", scope="xen", build=mini_repo)
    assert remember.key(open_tree(mini_repo, None), built) is None
