"""Commits, history and rewriting, with real git."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.mail.diff import Diff
from patcher.tree import commits, revisions
from patcher.tree.find import find_repository
from patcher.tree.githistory import GitHistory
from patcher.tree.gitrepo import Repository
from patcher.tree.rewrite import with_messages

Git = Callable[..., str]


def ids(repository: Repository, asked: str) -> tuple[str, ...]:
    return tuple(each.id for each in revisions.commits(repository, asked, linear=False))


@pytest.fixture
def repository(mini_repo: Path, git: Git) -> Repository:
    """Three commits after the first one, on a branch that follows main."""
    git(mini_repo, "checkout", "-q", "-b", "work", "--track", "main")
    for number, text in enumerate(("one\n", "one\ntwo\n", "Grüße\0\n"), 1):
        (mini_repo / "drivers/xen/new.txt").write_text(text)
        git(mini_repo, "add", "-A")
        git(
            mini_repo,
            "commit",
            "-q",
            "-m",
            f"xen: Change {number}\n\nText {number}.\n\nSigned-off-by: A U Thor <a@x.org>",
        )
    found = find_repository(mini_repo)
    assert found
    return found


def test_commits_as_patches(repository: Repository, git: Git) -> None:
    found = ids(repository, "main..HEAD")
    patches = list(commits.patches(repository, found))
    assert [patch.summary for patch in patches] == ["xen: Change 1", "xen: Change 2", "xen: Change 3"]
    assert patches[0].body == ("Text 1.", "", "Signed-off-by: A U Thor <a@x.org>")
    assert (patches[0].author.address, patches[0].label) == ("author@example.org", found[0][:12])
    assert [line.text for line in Diff(patches[1].diff).files[0].added] == ["two"]
    assert Diff(patches[2].diff).files[0].binary


def test_look_up(repository: Repository, git: Git, cache: Cache) -> None:
    head, main = repository.resolve("HEAD"), repository.resolve("main")
    history = GitHistory(repository, repository.resolve("HEAD^"), cache)
    blob = git(repository.worktree, "rev-parse", "HEAD:Makefile")
    known = history.look_up([head[:12], main[:7], "f" * 12, blob[:12], "no hex", "-x"])
    assert (known[head[:12]].names, known[head[:12]].subject) == ("commit", "xen: Change 3")
    assert known[main[:7]].commit == main
    assert known["f" * 12].names == "missing"
    assert known[blob[:12]].names == "other"
    assert "no hex" not in known
    assert history.ancestors([head, main]) == {main}
    assert GitHistory(repository, repository.resolve("HEAD^"), cache).ancestors([head, main]) == {main}


def test_what_git_says_is_told_while_it_is_read(repository: Repository) -> None:
    told: list[tuple[str, int, int]] = []
    found = ids(repository, "main..HEAD")
    assert len(list(commits.patches(repository, found, lambda *each: told.append(each)))) == len(found)
    assert told[-1][1] > 1000
    assert told == sorted(told)
    assert {(what, total) for what, _, total in told} == {("reading commits, bytes", 0)}


@pytest.fixture
def imported(tmp_path: Path, git: Git) -> Path:
    """A history that begins with all of a kernel, and has a commit of its own."""
    place = tmp_path / "imported"
    git(tmp_path, "init", "-q", place)
    files = "".join(f"M 100644 inline kernel/{number}.c\ndata 1\nx\n" for number in range(1200))
    who = "committer A <a@x.org> 1288000000 +0000\n"
    git(place, "fast-import", "--quiet", text=(
        f"commit refs/heads/main\n{who}data 12\nLinux 2.6.37\n{files}\n"
        f"commit refs/heads/main\n{who}data 7\nxen: Do\nM 100644 inline Makefile\ndata 2\n1\n\n"
    ))  # fmt: skip
    return place


def test_what_was_before_an_import_cannot_be_told(imported: Path, git: Git, run: Callable[..., Any]) -> None:
    """It is no fault of a patch that cites it; what cannot be so is one still."""
    own = git(imported, "rev-parse", "HEAD")
    text = (
        f'xen: Do it\n\nAs commit 123456789abc ("xen: Cite it") has it.\n\nFixes: c0ffee123456 ("xen: Old")\n'
        f'Fixes: {own[:12]} ("xen: Another")\nFixes: c0ffee123456 ("xen: Do")\nSigned-off-by: A U Thor <a@x.org>'
    )
    for base in (own, f"{own}^"):  # one's own commit below, or the import alone
        git(imported, "reset", "-q", "--hard", base)
        (imported / "Makefile").write_text(f"# {base}\n")
        git(imported, "add", "Makefile")
        git(imported, "commit", "-q", "-m", text)
        args = ("lint", "-1", "-C", imported, "--only", "fixes-commit,cited-commit", "--format", "json")
        said = json.loads(run(*args).stdout)
        root = git(imported, "rev-list", "--max-parents=0", "HEAD")[:12]
        reason = f'the history begins with an import, {root} ("Linux 2.6.37"): what was before cannot be looked up'
        assert [(each["rule"], each["reason"]) for each in said["skipped"]] == [
            ("cited-commit", reason), ("fixes-commit", reason),
        ]  # fmt: skip
        found = [each["message"] for each in said["findings"]]
        known = base == own
        assert any("is another commit" in each for each in found), found
        assert any("there is no commit c0ffee123456" in each for each in found) == known, found


def test_an_ambiguous_id(repository: Repository, git: Git, cache: Cache) -> None:
    """Commits are made until two of them begin with the same four digits."""
    seen: dict[str, str] = {}
    tree = git(repository.worktree, "rev-parse", "HEAD^{tree}")
    stream = "".join(
        f"commit refs/heads/n{number}\ncommitter A <a@x.org> {number} +0000\ndata 1\nx\n" for number in range(1, 900)
    )
    git(repository.worktree, "fast-import", "--quiet", text=stream)
    ids = git(repository.worktree, "for-each-ref", "--format=%(objectname)", "refs/heads/n*").split()
    short = next(id_[:4] for id_ in ids if seen.setdefault(id_[:4], id_) != id_)
    history = GitHistory(repository, repository.resolve("HEAD"), cache)
    assert history.look_up([short, ids[0]])[short].names == "ambiguous"
    assert history.look_up([short])[ids[0]].names == "commit"
    assert tree


def test_titles_and_subjects(repository: Repository, cache: Cache) -> None:
    head = repository.resolve("HEAD")
    for _ in range(2):  # the second time from the cache
        history = GitHistory(repository, head, cache)
        assert history.titled(["xen: Change 3", "xen: Change"]) == {"xen: Change 3": head, "xen: Change": ""}
        subjects = history.subjects(["drivers/xen/new.txt", "drivers", "Makefile", "nothing"])
        assert list(subjects["drivers/xen/new.txt"]) == ["xen: Change 3", "xen: Change 2", "xen: Change 1"]
        assert len(subjects["drivers"]) == 4
        assert list(subjects["nothing"]) == []


def test_new_messages_on_a_new_branch(repository: Repository, git: Git) -> None:
    place = repository.worktree
    before = git(place, "status", "--porcelain", "--branch"), git(place, "rev-parse", "HEAD")
    found = ids(repository, "main")
    last = with_messages(repository, found, {found[1]: "xen: Better\n\nGrüße\n"}, "fixed")
    assert git(place, "rev-parse", "fixed") == last
    assert git(place, "log", "--format=%s", "main..fixed").split("\n") == [
        "xen: Change 3",
        "xen: Better",
        "xen: Change 1",
    ]
    assert git(place, "diff", "HEAD", "fixed") == ""
    assert git(place, "rev-parse", "fixed~2") == found[0]
    assert (
        git(place, "log", "-1", "--format=%an %ae %aI %b", "fixed^")
        == "A U Thor author@example.org 2010-12-21T12:00:00+00:00 Grüße\n"
    )
    assert (git(place, "status", "--porcelain", "--branch"), git(place, "rev-parse", "HEAD")) == before
    with pytest.raises(InputError, match="has a branch fixed already"):
        with_messages(repository, found, {found[1]: "x\n"}, "fixed")
    for wrong in ("a..b", "-x", "", "a b"):
        with pytest.raises(InputError, match="is no name for a branch"):
            with_messages(repository, found, {found[1]: "x\n"}, wrong)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (' ("xen: Change 1") broke it', ""),
        (" broke it", "warning"),
        ("\n rwsem: wake them", "warning"),
        ("\n xen: Change 1\nbroke it", "note"),
        (' "xen: Change 1" broke it', "note"),
        ("\n(something else) broke it", "note"),
    ],
)
def test_how_a_commit_is_cited(repository: Repository, git: Git, cache: Cache, after: str, said: str) -> None:
    """A subject that is there, and only not in the documented form, is no missing subject."""
    from patcher.lint.context import Context
    from patcher.lint.rules import shipped
    from patcher.lint.select import Settings
    from patcher.lint.session import lint_patches

    named = ids(repository, "main")[0]
    message = f"xen: Change it\n\nCommit {named}{after}.\n\nSigned-off-by: A U Thor <author@example.org>"
    git(repository.worktree, "commit", "-q", "--allow-empty", "-m", message)
    context = Context(None, GitHistory(repository, repository.resolve("HEAD^"), cache))
    rules = [rule for rule in shipped() if rule.id == "citation-form"]
    patches = commits.patches(repository, ids(repository, "HEAD^!"))
    found = lint_patches(patches, rules, Settings(strict=True, mailed=False), context, cache).findings
    assert [finding.level.value for finding in found] == ([said] if said else [])


def test_a_range_with_merges_is_looked_at_as_a_whole(mini_repo: Path, git: Git, run: Callable[..., Any]) -> None:
    """Its last commit need not hold what was merged: an option that came with another branch is there all the same."""
    place = mini_repo / "drivers/xen"
    place.mkdir(exist_ok=True)
    for number, branch in enumerate(("one", "two", "three")):
        git(mini_repo, "checkout", "-q", "-b", branch, "main")
        (place / f"Kconfig.{branch}").write_text(f'config XEN_{branch.upper()}\n\tbool "It"\n\thelp\n\t  It is new.\n')
        (place / f"{branch}.h").write_text(f"#ifdef CONFIG_XEN_{branch.upper()}\n#endif\n")
        git(mini_repo, "add", "-A")
        git(mini_repo, "commit", "-q", "-m", f"xen: Add {branch}\n\nWhy.", "--date", f"2010-12-2{number}T12:00:00")
    git(mini_repo, "checkout", "-q", "-b", "all", "main")
    for branch in ("two", "one", "three"):
        git(mini_repo, "merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch)
    for range_ in ("main..all", "main"):
        ran = run("lint", "--tree", mini_repo, "--only", "config-unknown,added-unused", range_)
        assert (ran.code, "3 patches" in ran.stdout) == (0, True), ran.stdout


def test_a_new_file_and_its_entry_in_maintainers_later_in_the_series(
    mini_repo: Path, git: Git, run: Callable[..., Any], tmp_path: Path
) -> None:
    """As commits and as mail."""
    (mini_repo / "MAINTAINERS").write_text("XEN\nM:\tM <m@example.org>\nS:\tSupported\nF:\tdrivers/xen/\n")
    git(mini_repo, "add", "-A")
    git(mini_repo, "commit", "-q", "-m", "Add MAINTAINERS")
    git(mini_repo, "checkout", "-q", "-b", "work")
    for name, content in (
        ("new/x.h", "/* It. */\n"),
        ("MAINTAINERS", "NEW\nM:\tM <m@example.org>\nS:\tSupported\nF:\tnew/\n"),
    ):
        (mini_repo / name).parent.mkdir(exist_ok=True)
        with (mini_repo / name).open("a") as file:
            file.write(content)
        git(mini_repo, "add", "-A")
        git(mini_repo, "commit", "-q", "-m", f"new: Add {name}\n\nWhy.")
    git(mini_repo, "format-patch", "-q", "-o", tmp_path / "out", "main")
    for what in (["main..work"], ["--base", "main", tmp_path / "out"]):
        assert run("lint", "--tree", mini_repo, "--only", "new-file-maintained", *what).code == 0
    for what in (["work^^..work^"], ["--base", "main", sorted((tmp_path / "out").iterdir())[0]]):
        ran = run("lint", "--tree", mini_repo, "--only", "new-file-maintained", *what)
        assert "no entry of MAINTAINERS covers this new file" in ran.unfolded
