"""Applying diffs as git does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patcher.lint.context import After
from patcher.lint.diff import DoesNotApply, applied
from patcher.mail.decode import decode
from patcher.mail.diff import Diff
from patcher.mail.model import RawMail
from patcher.mail.parse import parse
from patcher.tree.directory import DirectoryTree
from patcher.tree.overlay import PatchedTree

LINES = st.lists(
    st.sampled_from(["a", "b", "c", "\td", "e \r", "Ü", "--- x", "+++ y", "@@ -1 +1 @@", "-- "]), max_size=14
)


def git_diff(place: Path, old: bytes | None, new: bytes | None) -> str:
    """The diff that git writes of one file."""
    for name, content in (("a", old), ("b", new)):
        (place / name).mkdir(exist_ok=True)
        (place / name / "f.c").unlink(missing_ok=True)
        if content is not None:
            (place / name / "f.c").write_bytes(content)
    command = ["git", "diff", "--no-index", "--no-prefix", "--text", "-U2", "a", "b"]
    done = subprocess.run(command, cwd=place, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "surrogateescape")


def content(lines: list[str], ends: bool) -> bytes:
    return ("\n".join(lines) + ("\n" if ends and lines else "")).encode()


@settings(max_examples=60)
@given(LINES, LINES, st.booleans(), st.booleans())
def test_applied_is_what_git_diffed(
    tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str], old_ends: bool, new_ends: bool
) -> None:
    before, after = content(old, old_ends), content(new, new_ends)
    text = git_diff(tmp_path_factory.mktemp("d", numbered=True), before, after)
    diff = Diff(text)
    assert not diff.error
    if before == after:
        assert diff.files == ()
    else:
        (file,) = diff.files
        assert applied(before, file) == after


def test_lines_may_have_moved() -> None:
    file = Diff("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n").files[0]
    assert applied(b"0\n0\na\nb\nc\n", file) == b"0\n0\na\nB\nc\n"
    for wrong in (b"a\nc\n", b"", None):
        with pytest.raises(DoesNotApply):
            applied(wrong, file)


def test_created_and_deleted() -> None:
    new, old = Diff("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n--- a/y\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n").files
    assert (applied(None, new), applied(b"a\n", old)) == (b"a\n", None)
    with pytest.raises(DoesNotApply, match="exists already"):
        applied(b"", new)


@pytest.mark.parametrize("behind", ["\n", "\nbase-commit: 0123\n-- \n2.39\n\n", "-- \n2.39\n"])
def test_what_stands_behind_the_diff_is_not_applied(behind: str) -> None:
    (file,) = Diff(f"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n{behind}").files
    assert applied(b"a\nc\n", file) == b"b\nc\n"


def test_a_mail_in_the_charset_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_bytes(b"/* M\xfcller */\n")
    text = "--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-/* Müller */\n+/* Möller */\n"
    head = b"Subject: [PATCH] a: b\nContent-Type: text/plain; charset=iso-8859-1\n\n---\n"
    patch = parse(decode(RawMail("x.patch", 1, head + text.encode("latin-1"), "", False)), "x.patch")
    before = After(PatchedTree(DirectoryTree(tmp_path), {}))
    after, misfits = before.with_patch(patch, Diff(patch.diff))
    assert (misfits, after.tree.read(["a.c"])) == ((), {"a.c": b"/* M\xf6ller */\n"})
