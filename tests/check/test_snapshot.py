"""A commit of a series is read as what differs from the base: it must be what it is when read alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from check.checking import append, commit_edits, replace
from realgit import run_git

from patcher.cache import Cache
from patcher.check.snapshot import Snapshot, take
from patcher.tree import changes
from patcher.tree.find import open_repository
from patcher.tree.gittree import GitTree


def test_a_commit_is_the_same_beside_its_base_as_alone(mini_repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_AT_ONCE", 2)
    first = run_git(mini_repo, "rev-parse", "HEAD")
    added = {"lib/new.c": append("int x;\n"), "lib/new.h": append("\n"), "drivers/xen/Kconfig.new": append("\n")}
    commits = [commit_edits(mini_repo, "add and change", {**added, "mm/Makefile": append("obj-y += new.o\n")})]
    (mini_repo / "lib/new.h").unlink()
    (mini_repo / "arch/x86/configs/noxen_defconfig").unlink()
    (mini_repo / "lib/link.c").symlink_to("new.c")
    (mini_repo / "mm/mlock.c").rename(mini_repo / "mm/other.c")
    commits.append(commit_edits(mini_repo, "remove, link, rename", {"Makefile": append("# x\n")}))
    run_git(mini_repo, "update-index", "--add", "--cacheinfo", f"160000,{first},lib/submodule")
    run_git(mini_repo, "commit", "-qm", "a submodule")
    commits.append(run_git(mini_repo, "rev-parse", "HEAD"))
    commits.append(commit_edits(mini_repo, "take a part back", {"mm/Makefile": replace("obj-y += new.o\n", "")}))
    run_git(mini_repo, "commit", "-q", "--allow-empty", "-m", "empty")
    commits.append(run_git(mini_repo, "rev-parse", "HEAD"))
    commits.append(commit_edits(mini_repo, "ids", {"mm/other.c": append(f"\n{commits[0]}\n{commits[1]}\n")}))
    repository = open_repository(mini_repo)
    for snapshot in take(repository, first, commits)[1:]:
        alone = Snapshot(repository, {}, snapshot.number, snapshot.commit, snapshot.parent)
        assert snapshot.entries == alone.entries
        assert (snapshot.changes, snapshot.diff.files) == (alone.changes, alone.diff.files)
        for digest in ("header_names", "build_files", "config_files", "kconfig_files"):
            assert getattr(snapshot, digest) == getattr(alone, digest), digest
    assert [path in snapshot.entries for path in ("lib/link.c", "lib/submodule")] == [True, False]
    assert take(repository, first, commits)[5].changes == ()
    lines = [line.text for file in take(repository, first, commits)[6].diff.files for line in file.added]
    assert lines == ["", commits[0], commits[1]]


def test_what_was_searched_for_is_not_searched_again(
    mini_repo: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def searched() -> frozenset[str]:
        (base,) = take(open_repository(mini_repo), run_git(mini_repo, "rev-parse", "HEAD"), (), cache=cache)
        return base.naming(["_PAGE_IOMAP"], ["*.c"])

    first = searched()
    monkeypatch.setattr(GitTree, "_grep", lambda *_: ())
    assert first and searched() == first
