"""Commits of objects alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.errors import InputError
from patcher.tree.commit import Draft, branch, identity, publish, writer
from patcher.tree.find import open_tree
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import GitTree

Git = Callable[..., str]


@pytest.fixture
def repository(mini_repo: Path) -> Repository:
    tree = open_tree(mini_repo, None)
    assert isinstance(tree, GitTree)
    return tree.repository


def test_commits_follow_one_another(repository: Repository, mini_repo: Path, git: Git) -> None:
    base = git(mini_repo, "rev-parse", "HEAD")
    drafts = [Draft("one\n\nCaf\u00e9\n", {"a.c": b"1\r\n\xff"}), Draft("two\n", {"a.c": b"2", "d/b.c": b""})]
    with writer(repository, identity(repository), quarantine=False) as at_work:
        made = at_work.commits(base, drafts)
    assert git(mini_repo, "log", "--format=%s", "--reverse", f"{base}..{made[1]}").split() == ["one", "two"]
    assert git(mini_repo, "log", "-1", "--format=%b", made[0]) == "Caf\u00e9\n"
    assert git(mini_repo, "diff", "--name-status", base, made[1]).split() == ["A", "a.c", "A", "d/b.c"]


def test_the_mode_of_a_file_stays(repository: Repository, mini_repo: Path, git: Git) -> None:
    (mini_repo / "run").write_text("x")
    (mini_repo / "run").chmod(0o755)
    git(mini_repo, "add", "-f", "run")
    git(mini_repo, "commit", "-qm", "run")
    base = git(mini_repo, "rev-parse", "HEAD")
    with writer(repository, identity(repository), quarantine=False) as at_work:
        made = at_work.commits(base, [Draft("x", {"run": b"y"})])
    assert git(mini_repo, "ls-tree", made[0], "run").startswith("100755")


def test_a_quarantine_leaves_nothing(repository: Repository, mini_repo: Path, git: Git) -> None:
    base = git(mini_repo, "rev-parse", "HEAD")
    before = sorted((mini_repo / ".git").rglob("*"))
    with writer(repository, identity(repository), quarantine=True) as at_work:
        made = at_work.commits(base, [Draft("x", {"a.c": b"y"})])
        assert "1 file changed" in at_work.diffstat(base, made[0])
    assert sorted((mini_repo / ".git").rglob("*")) == before


def test_a_branch_that_moved_meanwhile_is_left(repository: Repository, mini_repo: Path, git: Git) -> None:
    head = git(mini_repo, "rev-parse", "HEAD")
    where = branch(repository, "new", force=False)
    git(mini_repo, "commit", "-q", "--allow-empty", "-m", "x")
    git(mini_repo, "branch", "new")
    with pytest.raises(InputError, match="made or moved by somebody else meanwhile"):
        publish(repository, [(where, head)], "test")
    assert git(mini_repo, "rev-parse", "new") == git(mini_repo, "rev-parse", "HEAD") != head


def test_users_settings_do_not_change_the_mails(
    repository: Repository, mini_repo: Path, git: Git, tmp_path: Path
) -> None:
    base = git(mini_repo, "rev-parse", "HEAD")
    draft = Draft("x: one\n\nBody.\n", {"a.c": b"y\n"})
    texts = []
    for number in range(2):
        place = tmp_path / str(number)
        place.mkdir()
        with writer(repository, identity(repository), quarantine=True) as at_work:
            made = at_work.commits(base, [draft])
            names = at_work.mails(base, made[-1], ("Cover", "Text."), "me", place)
        assert names == ("0000-cover-letter.patch", "0001-x-one.patch")
        texts.append([(place / name).read_text() for name in names])
        for setting, value in (
            ("format.subjectPrefix", "RFC"), ("format.signOff", "true"), ("format.attach", "x"),
            ("format.numbered", "false"), ("format.suffix", ".txt"), ("diff.noprefix", "true"),
            ("diff.mnemonicPrefix", "true"), ("format.thread", "true"), ("format.notes", "true"),
            ("format.cc", "a@example.org"), ("diff.context", "1"), ("core.abbrev", "7"), ("color.ui", "always"),
        ):  # fmt: skip
            git(mini_repo, "config", setting, value)
    assert texts[0] == texts[1]
    assert "Subject: [PATCH 0/1] Cover\n" in texts[0][0]
