"""Diffs: unidiff's reading of what git writes, and applying them as git does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patcher.lint.diff import Diff, DoesNotApply, applied

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


def test_created_deleted_renamed_modes_and_binaries() -> None:
    diff = Diff(
        "diff --git a/new b/new\nnew file mode 100755\nindex 0000000..1111111\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+a\n"  # noqa: E501
        "diff --git a/old b/old\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"  # noqa: E501
        "diff --git a/from b/to\nsimilarity index 90%\nrename from from\nrename to to\nindex 1..2 100644\n--- a/from\n+++ b/to\n"  # noqa: E501
        "@@ -1 +1 @@\n-a\n+b\n"
        "diff --git a/mode b/mode\nold mode 100644\nnew mode 100755\n"
        'diff --git "a/\\303\\274" "b/\\303\\274"\nindex 1111111..2222222 100644\n--- "a/\\303\\274"\n+++ "b/\\303\\274"\n@@ -1 +1 @@\n-a\n+b\n'  # noqa: E501
        "diff --git a/blob b/blob\nindex 1111111..2222222 100644\nBinary files a/blob and b/blob differ\n"
    )
    assert not diff.error
    new, old, renamed, mode, quoted, blob = diff.files
    assert (new.path, new.created, new.new_mode, new.added[0]) == ("new", True, "100755", (1, "a", 6))
    assert (old.path, old.deleted, applied(b"a\n", old)) == ("old", True, None)
    assert (renamed.path, renamed.old_path, renamed.renamed) == ("to", "from", True)
    assert (mode.old_mode, mode.new_mode) == ("100644", "100755")
    assert quoted.path == "ü"
    assert blob.binary
    with pytest.raises(DoesNotApply, match="exists already"):
        applied(b"", new)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("--- a/x\n+++ b/x\n@@ -1,9 +1 @@\n-a\n", 3),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\nwrapped\n+b\n", 4),
        ("+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", 0),
        ("@@ -1 +1 @@\n-a\n+b\n", 0),
        ("--- a/x\n+++ b/x\n@@ -99999999999999999999999999 +1 @@\n-a\n+b\n", 2),
    ],
)
def test_what_cannot_be_parsed_is_told_with_its_place(text: str, at: int) -> None:
    diff = Diff(text)
    if "9999" not in text:
        assert diff.error
        assert diff.error_at in (at, at + 1, at - 1)
