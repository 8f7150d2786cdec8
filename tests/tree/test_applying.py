"""Patches applied in objects: real git, real mail."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable
from pathlib import Path

import pytest

from patcher.errors import InputError
from patcher.tree.applying import Applied, PatchState, apply_all, borrow, check_out
from patcher.tree.changes import changes, diff
from patcher.tree.find import open_repository
from patcher.tree.gitrepo import Repository
from patcher.tree.gittree import GitTree
from patcher.tree.objects import Commit
from patcher.tree.revisions import commits

Git = Callable[..., str]
ONE = "".join(f"line {number}\n" for number in range(1, 31))


@pytest.fixture
def repo(tmp_path: Path, git: Git) -> Path:
    """A repository with a file of 30 lines and two commits that change it, on the branch ``work``."""
    place = tmp_path / "repo"
    place.mkdir()
    git(place, "init", "-q")
    (place / "a.c").write_text(ONE)
    git(place, "add", "-A")
    git(place, "commit", "-q", "-m", "base")
    git(place, "tag", "base")
    git(place, "checkout", "-q", "-b", "work")
    for number in (5, 20):
        text = (place / "a.c").read_text().replace(f"line {number}\n", f"changed {number}\n")
        (place / "a.c").write_text(text)
        git(place, "commit", "-q", "-am", f"a: change line {number}\n\nFor a reason.")
    return place


def applied(repo: Path, files: list[Path], scratch: Path, base: str = "base") -> tuple[Applied, ...]:
    repository = open_repository(repo)
    return apply_all(borrow(repository, scratch), repository.resolve(base), files, scratch)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    place = tmp_path / "scratch"
    place.mkdir()
    return place


@pytest.fixture
def mbox(repo: Path, git: Git, tmp_path: Path) -> Path:
    file = tmp_path / "series.mbox"
    file.write_text(git(repo, "format-patch", "--stdout", "--cover-letter", "base..work") + "\n")
    return file


def test_an_mbox_with_a_cover_letter(repo: Path, mbox: Path, scratch: Path, git: Git) -> None:
    cover, first, second = applied(repo, [mbox], scratch)
    assert [cover.state, first.state, second.state] == ["empty", "applied", "applied"]
    assert (first.subject, second.subject) == ("a: change line 5", "a: change line 20")
    assert second.commit is not None
    assert second.commit.tree == git(repo, "rev-parse", "work^{tree}")


def test_the_users_repository_is_as_before(repo: Path, mbox: Path, scratch: Path, git: Git) -> None:
    def state() -> list[str]:
        return [git(repo, *words.split()) for words in ("status --porcelain", "for-each-ref", "count-objects -v")]

    before = state()
    applied(repo, [mbox], scratch)
    assert state() == before


def test_single_patches_and_a_plain_diff(repo: Path, git: Git, tmp_path: Path, scratch: Path) -> None:
    git(repo, "format-patch", "-q", "-1", "work~1", "-o", tmp_path)
    plain = tmp_path / "plain.diff"
    plain.write_text(git(repo, "diff", "work~1", "work") + "\n")
    first, second = applied(repo, [tmp_path / "0001-a-change-line-5.patch", plain], scratch)
    assert [first.state, second.state, second.subject] == ["applied", "applied", "plain.diff"]


def test_mails_that_tell_their_base(repo: Path, git: Git, tmp_path: Path, scratch: Path) -> None:
    file = tmp_path / "based.mbox"
    file.write_text(git(repo, "format-patch", "--stdout", "--base=base", "base..work") + "\n\n")
    first, second = applied(repo, [file], scratch)
    assert [first.state, second.state] == ["applied", "applied"]
    assert second.commit is not None
    assert second.commit.tree == git(repo, "rev-parse", "work^{tree}")


def test_what_is_there_already(repo: Path, mbox: Path, scratch: Path) -> None:
    assert [each.state for each in applied(repo, [mbox], scratch, "work~1")] == ["empty", "already", "applied"]


def test_a_three_way_merge(repo: Path, git: Git, mbox: Path, scratch: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "-q", "base")
    (repo / "a.c").write_text(ONE.replace("line 3\n", "other 3\n"))
    git(repo, "commit", "-q", "-am", "in its context")
    other = git(repo, "rev-parse", "HEAD")
    git(repo, "checkout", "-q", "work")
    _, first, second = applied(repo, [mbox], scratch, other)
    assert (first.state, second.state) == ("merged", "applied")


def test_a_conflict_says_which_hunk_and_what_is_there(repo: Path, git: Git, mbox: Path, scratch: Path) -> None:
    git(repo, "checkout", "-q", "base")
    (repo / "a.c").write_text("new\nnew\n" + ONE.replace("line 5\n", "mine 5\n"))
    git(repo, "commit", "-q", "-am", "the same line")
    other = git(repo, "rev-parse", "HEAD")
    git(repo, "checkout", "-q", "work")
    _, first, second = applied(repo, [mbox], scratch, other)
    assert (first.state, second.state) == ("conflict", "skipped")
    assert first.detail == ("hunk 1 of a.c does not apply at line 2: line 7 should be 'line 5', there is 'mine 5'")


def test_a_file_that_is_not_there(repo: Path, git: Git, mbox: Path, scratch: Path) -> None:
    git(repo, "checkout", "-q", "base")
    git(repo, "rm", "-q", "a.c")
    git(repo, "commit", "-q", "-m", "gone")
    other = git(repo, "rev-parse", "HEAD")
    git(repo, "checkout", "-q", "work")
    assert "a.c" in applied(repo, [mbox], scratch, other)[1].detail


@pytest.mark.parametrize("content", ["", "From: a\nSubject: b\n\nno diff here\n"])
def test_no_patch_at_all(repo: Path, tmp_path: Path, scratch: Path, content: str) -> None:
    file = tmp_path / "none.patch"
    file.write_text(content)
    with pytest.raises(InputError):
        applied(repo, [file], scratch)


def test_the_same_patches_make_the_same_commits(repo: Path, mbox: Path, tmp_path: Path) -> None:
    made: list[list[Commit | None]] = []
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        made.append([each.commit for each in applied(repo, [mbox], tmp_path / name)])
    assert made[0] == made[1]


def test_changed_lines(repo: Path) -> None:
    repository = open_repository(repo)
    first = commits(repository, "base..work")[0]
    (file,) = diff(repository, first.parent, first.id).files
    assert (file.path, [each.number for each in file.removed], [each.number for each in file.added]) == (
        "a.c",
        [5],
        [5],
    )


def test_renames_are_followed(repo: Path, git: Git) -> None:
    git(repo, "mv", "a.c", "b.c")
    git(repo, "commit", "-q", "-m", "rename")
    repository = open_repository(repo)
    (change,) = changes(repository, repository.resolve("HEAD~1"), repository.resolve("HEAD"))
    assert (change, change.renamed) == (("a.c", "b.c"), True)
    git(repo, "reset", "-q", "--hard", "HEAD~1")


def test_files_are_written_as_they_are(repo: Path, git: Git, scratch: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "-q", "--detach")
    (repo / ".gitattributes").write_text("*.c text eol=crlf ident export-ignore\n")
    (repo / "i.c").write_bytes(b"/* $Id$ */\n")
    (repo / "run.sh").write_text("#!/bin/sh\n")
    (repo / "run.sh").chmod(0o755)
    (repo / "link").symlink_to("/etc/passwd")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "odd files")
    repository = open_repository(repo)
    target = tmp_path / "out"
    target.mkdir()
    check_out(borrow(repository, scratch), GitTree(repository, "HEAD").entries, target, scratch)
    assert (target / "i.c").read_bytes() == b"/* $Id$ */\n"
    assert (target / "run.sh").stat().st_mode & 0o111
    assert (target / "link").is_symlink()
    git(repo, "checkout", "-q", "work")


def test_a_damaged_patch(repo: Path, tmp_path: Path, scratch: Path) -> None:
    file = tmp_path / "damaged.patch"
    file.write_text("--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,4 @@\n line 1\n+new\nnonsense\n")
    (found,) = applied(repo, [file], scratch)
    assert (found.state, "corrupt patch" in found.detail) == ("conflict", True)


@pytest.mark.parametrize("path", ["../../outside", "x/../../outside", "/outside", ".git/config"])
def test_a_patch_that_leads_out_of_the_tree_does_not_apply(
    repo: Path, scratch: Path, tmp_path: Path, path: str
) -> None:
    file = tmp_path / "evil.patch"
    file.write_text(
        f"Subject: [PATCH] x\n\n---\ndiff --git a/{path} b/{path}\nnew file mode 100644\n"
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
    )
    (found,) = applied(repo, [file], scratch)
    assert found.state == "conflict"
    assert "fsck" not in found.detail
    assert not list(tmp_path.rglob("outside"))


@pytest.mark.parametrize("numbers", ["-{0},3 +1,4", "-1,{0} +1,4", "-1,3 +{0},4", "-1,3 +1,{0}"])
@pytest.mark.parametrize("digits", [10, 5000])
def test_a_hunk_beyond_any_file(repo: Path, tmp_path: Path, scratch: Path, numbers: str, digits: int) -> None:
    """git takes such a number for another one, and Python refuses to read one of 5,000 digits."""
    text = numbers.format("9" * digits)
    (tmp_path / "x.patch").write_text(f"--- a/a.c\n+++ b/a.c\n@@ {text} @@\n a\n+b\n c\n d\n")
    with pytest.raises(InputError, match=r"^x\.patch: line 3 .* more than nine digits: the patch is damaged$"):
        apply_all(borrow(open_repository(repo), scratch), "HEAD", [tmp_path / "x.patch"], scratch)


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_a_mail_in_the_charset_of_its_file(repo: Path, git: Git, tmp_path: Path, scratch: Path, encoding: str) -> None:
    """git applies the bytes of a diff, whatever the mail around it says; the message is text."""
    git(repo, "checkout", "-q", "work")
    (repo / "latin.c").write_bytes(b"/* M\xfcller */\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "latin")
    base = git(repo, "rev-parse", "HEAD")
    text = ("Für Müller.\n---\n\ndiff --git a/latin.c b/latin.c\n--- a/latin.c\n+++ b/latin.c\n@@ -1 +1 @@\n"
            "-/* Müller */\n+/* Möller */\n").encode("latin-1")  # fmt: skip
    body = {"8bit": text, "quoted-printable": quopri.encodestring(text), "base64": base64.encodebytes(text)}[encoding]
    head = f"From: A <a@example.org>\nSubject: [PATCH] [media] a: b\nContent-Transfer-Encoding: {encoding}\n"
    file = tmp_path / "latin.patch"
    file.write_bytes(head.encode() + b"Content-Type: text/plain; charset=iso-8859-1\n\n" + body)
    (found,) = applied(repo, [file], scratch, base)
    assert (found.state, found.subject) == (PatchState.APPLIED, "[media] a: b")
    assert found.commit is not None
    own = Repository(scratch / "objects.git", scratch / "objects.git", None)
    made, message = own.objects.find([f"{found.commit.id}:latin.c", found.commit.id])
    assert made.content == b"/* M\xf6ller */\n"
    assert message.content.endswith("\n\n[media] a: b\n\nFür Müller.\n".encode())


def test_an_empty_file_among_patches(repo: Path, git: Git, tmp_path: Path, scratch: Path) -> None:
    git(repo, "format-patch", "-q", "-1", "work~1", "-o", tmp_path)
    (tmp_path / "x.patch").touch()
    with pytest.raises(InputError, match=r"x\.patch is empty"):
        applied(repo, [tmp_path / "0001-a-change-line-5.patch", tmp_path / "x.patch"], scratch)
