"""Diffs as files with their lines: what git and others write, and what stands around it in a mail."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unidiff.patch import Hunk, PatchedFile, PatchSet

from patcher.mail.decode import decode
from patcher.mail.diff import Diff, FileDiff
from patcher.mail.mbox import split
from patcher.mail.parse import parse

Git = Callable[..., str]

CHANGE = "diff --git a/x b/x\nindex 1111111..2222222 100644\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@ f()\n a\n-b\n+B\n c\n"
PLAIN = "--- linux.orig/y\t2010-12-01 10:00:00.000000000 +0100\n+++ linux/y\t2010-12-02 10:00:00.000000000 +0100\n@@ -1 +1 @@\n-1\n+2\n"  # noqa: E501
BEHIND = [
    "-- \n2.39.5\n\n",
    "--\n2.39.5\n",  # a mail client took the blank
    "-- \n1.7.2.3\n\n-- \nTo unsubscribe from this list: send the line \"unsubscribe linux-kernel\" in\n",
    "\nbase-commit: 4f1a1f8d2bd0ffa4a0f0e27c5c9c0f6d2e6ea8a6\n-- \n2.39.5\n\n",
    "\nbase-commit: 4f1a1f8d2bd0ffa4a0f0e27c5c9c0f6d2e6ea8a6\n"
    "prerequisite-patch-id: 85a4c0b4f2d6a6f9c1f8e9bb3b0ef5ab3ef1b9f5\nchange-id: 20250101-x-1\n-- \n2.39.5\n\n",
    "\n\n\n",
    " \n",
    "Only in linux: tags\n",
    "\n+++ that is all\n--- or so\n",
    "\\o/\n",
    "GIT binary patch\n",
    "Binary files are bad\n",
    "\nnew file mode 100644\ndeleted file mode 100644\nrename from a\n",
    "@@ see below @@\n",
]  # fmt: skip


def mail_of(text: bytes, tmp_path: Path) -> Diff:
    """The diff of the only patch of a mailbox."""
    (tmp_path / "mbox").write_bytes(text)
    with (tmp_path / "mbox").open("rb") as stream:
        (raw,) = split(stream, "mbox")
    return Diff(parse(decode(raw), "mbox").diff)


def moved(file: FileDiff, lines: int) -> FileDiff:
    """The same some lines further on in the diff."""
    added, removed = (tuple(each._replace(at=each.at + lines) for each in of) for of in (file.added, file.removed))
    return file._replace(at=file.at + lines, added=added, removed=removed)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("signature", ["--signature=2.39.5", "--no-signature", "--signature=@@ -1 +1\nof mine"])
def test_a_mail_of_format_patch_with_its_base(tmp_path: Path, git: Git, signature: str, ends: str) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q")
    for number in range(3):
        (repo / "x.c").write_text(f"a\nb {number}\nc\n")
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", f"x: commit {number}")
    mail = git(repo, "format-patch", "--stdout", "--base=HEAD~2", signature, "-1") + "\n\n"
    assert "\nprerequisite-patch-id: " in mail
    diff = mail_of(mail.replace("\n", ends).encode(), tmp_path)
    assert not diff.error
    (file,) = diff.files
    (hunk,) = file.hunks
    assert (hunk.old, hunk.new) == (("a", "b 1", "c"), ("a", "b 2", "c"))
    assert [line.text for line in file.added] == ["b 2"]
    assert diff.lines[file.added[0].at] == "+b 2"


@given(st.lists(st.sampled_from([CHANGE, PLAIN]), min_size=1, max_size=3), st.data())
def test_what_stands_around_a_diff_is_no_part_of_it(diffs: list[str], data: st.DataObject) -> None:
    text, wanted, last = "", [], ""
    for each in diffs:
        around = data.draw(st.sampled_from(["", *BEHIND])) if text else ""
        text += around
        begins = text.count("\n")
        text += each
        wanted += [moved(file, begins) for file in Diff(each).files]
        last = each
    text += data.draw(st.sampled_from(["", *BEHIND]))
    diff = Diff(text)
    assert (last, diff.error, list(diff.files)) == (last, "", wanted)
    for file in diff.files:
        assert [diff.lines[line.at] for line in file.added] == [f"+{line.text}" for line in file.added]
        assert [diff.lines[line.at] for line in file.removed] == [f"-{line.text}" for line in file.removed]
        assert diff.lines[file.at].startswith(("diff --git ", "--- "))


@pytest.mark.parametrize(
    "name",
    ["x.c", "with space.c", "a b/a b.c", " b/x", "x b/x b/x", "tab\tin.c", 'quo"ted', "ü.c", "back\\slash",
     "new\nline", "a/a/a", "b/b", "trailing ", "-- x", "dev/null"],
)  # fmt: skip
def test_names_are_those_that_git_knows(tmp_path: Path, git: Git, name: str) -> None:
    repo = tmp_path / "repo"
    (repo / name).parent.mkdir(parents=True)
    git(repo, "init", "-q")
    content = "".join(f"{number}\n" for number in range(20))

    def commit(what: str) -> None:
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "--allow-empty", "-m", what)

    commit("nothing")
    for change in ("created empty", "filled", "made executable", "moved", "binary", "deleted"):
        place, other = repo / name, repo / f"{name}2"
        if change == "created empty":
            place.touch()
        elif change == "filled":
            place.write_text(content)
        elif change == "made executable":
            place.chmod(0o755)
        elif change == "moved":
            place.rename(other)
            other.write_text(content + "more\n")
        elif change == "binary":
            other.write_bytes(b"\0\1\2")
        else:
            other.unlink()
        commit(change)
        said = subprocess.run(
            ["git", "show", "--raw", "-z", "--abbrev=40", "--format=", "-M", "HEAD"],
            cwd=repo, check=True, capture_output=True, env={**os.environ},
        ).stdout.decode()  # fmt: skip
        columns, *names = said.rstrip("\0").split("\0")
        old_mode, new_mode, _, _, kind = columns.removeprefix(":").split()
        for options in ([], ["--no-prefix"] if change == "moved" else ["--src-prefix=o/", "--dst-prefix=n/"]):
            text = git(repo, "format-patch", "--stdout", "-M", *options, "-1") + "\n\n"
            diff = mail_of(text.encode(), tmp_path)
            assert not diff.error
            (file,) = diff.files
            assert [file.old_path, file.path] == [names[0], names[-1]], change
            assert file.created == (kind == "A")
            assert file.deleted == (kind == "D")
            assert file.binary == (change in ("binary", "deleted"))
            if change in ("made executable", "created empty"):
                assert (file.old_mode or "000000", file.new_mode) == (old_mode, new_mode)


def test_created_deleted_renamed_modes_and_binaries() -> None:
    diff = Diff(
        "diff --git a/new b/new\nnew file mode 100755\nindex 0000000..1111111\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+a\n"  # noqa: E501
        "diff --git a/old b/old\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"  # noqa: E501
        "diff --git a/from b/to\nsimilarity index 90%\nrename from from\nrename to to\nindex 1..2 100644\n--- a/from\n+++ b/to\n"  # noqa: E501
        "@@ -1 +1 @@\n-a\n+b\n"
        "diff --git a/mode b/mode\nold mode 100644\nnew mode 100755\n"
        'diff --git "a/\\303\\274" "b/\\303\\274"\nindex 1111111..2222222 100644\n--- "a/\\303\\274"\n+++ "b/\\303\\274"\n@@ -1 +1 @@\n-a\n+b\n'  # noqa: E501
        "diff --git a/blob b/blob\nindex 1111111..2222222 100644\nBinary files a/blob and b/blob differ\n"
        "diff --git a/base85 b/base85\nindex 1111111..2222222 100644\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\nliteral 0\nHcmV?d00001\n\n"  # noqa: E501
    )
    assert not diff.error
    new, old, renamed, mode, quoted, blob, base85 = diff.files
    assert (new.path, new.created, new.new_mode, new.added[0]) == ("new", True, "100755", (1, "a", 6))
    assert (old.path, old.deleted, old.old_mode) == ("old", True, "100644")
    assert (renamed.path, renamed.old_path, renamed.renamed) == ("to", "from", True)
    assert (mode.old_mode, mode.new_mode) == ("100644", "100755")
    assert quoted.path == "ü"
    assert [(file.path, file.binary, file.hunks) for file in (blob, base85)] == [
        ("blob", True, ()), ("base85", True, ()),
    ]  # fmt: skip
    assert [diff.lines[file.at][:10] for file in diff.files] == ["diff --git"] * 7


def test_the_same_file_twice_is_two_changes() -> None:
    first, second = Diff(PLAIN + PLAIN).files
    assert (first.path, second) == ("y", moved(first, 5))


@pytest.mark.parametrize(
    ("old", "new", "hunk", "wanted"),
    [
        ("linux-2.6.37.orig/mm/x.c", "linux-2.6.37/mm/x.c", "@@ -1 +1 @@\n-a\n+b\n", ("mm/x.c", False, False)),
        ("a/mm/x.c", "b/mm/x.c", "@@ -1 +1 @@\n-a\n+b\n", ("mm/x.c", False, False)),
        ("/dev/null", "b/mm/x.c", "@@ -0,0 +1 @@\n+b\n", ("mm/x.c", True, False)),
        ("o/mm/x.c\t1970-01-01 01:00:00.000000000 +0100", "n/mm/x.c", "@@ -0,0 +1 @@\n+b\n", ("mm/x.c", True, False)),
        ("o/mm/x.c", "n/mm/x.c", "@@ -0,0 +1 @@\n+b\n", ("mm/x.c", True, False)),
        ("o/mm/x.c", "n/mm/x.c\t1970-01-01 00:00:00.000000000 +0000", "@@ -1 +0,0 @@\n-b\n", ("mm/x.c", False, True)),
        ("a/mm/x.c", "/dev/null", "@@ -1 +0,0 @@\n-b\n", ("mm/x.c", False, True)),
    ],
)
def test_diffs_that_git_did_not_write(old: str, new: str, hunk: str, wanted: tuple[str, bool, bool]) -> None:
    (file,) = Diff(f"Index: x\n=====\n--- {old}\n+++ {new}\n{hunk}").files
    assert (file.path, file.created, file.deleted) == wanted


@pytest.mark.parametrize(
    "words", ["\\ No newline at end of file", "\\ Kein Zeilenumbruch am Dateiende.", "\\ Pas de fin de ligne"]
)
def test_an_end_without_a_newline_in_any_language(words: str) -> None:
    (file,) = Diff(f"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n{words}\n+b\n{words}\n-- \n2.39\n").files
    (hunk,) = file.hunks
    assert hunk == (1, ("a",), ("b",), True, True, "")


@pytest.mark.parametrize("empty", ["", " ", "\r", " \r"])
def test_an_empty_line_of_the_file(empty: str) -> None:
    (file,) = Diff(f"--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n-a\n+b\n{empty}\n c\n\n").files
    assert file.hunks[0].old == ("a", empty.lstrip(" "), "c")


def test_carriage_returns_belong_to_the_lines() -> None:
    (file,) = Diff(CHANGE.replace("\n", "\r\n")).files
    assert (file.path, file.hunks[0].new) == ("x", ("a\r", "B\r", "c\r"))


@pytest.mark.parametrize(
    ("text", "error", "at"),
    [
        ("--- a/x\n+++ b/x\n@@ -1,9 +1 @@\n-a\n", "Hunk is shorter than expected", 3),
        ("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n", "Hunk is shorter than expected", 3),
        ("--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n-b\n", "Hunk is longer than expected", 4),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\nwrapped\n+b\n", "Hunk diff line expected", 4),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\rx\n+b\n", "Hunk diff line expected", 4),
        ("+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "Hunk without the name of a file before it", 1),
        ("@@ -1 +1 @@\n-a\n+b\n", "Hunk without the name of a file before it", 0),
        (CHANGE + "\n@@ -1 +1 @@\n-a\n+b\n", "Hunk without the name of a file before it", 10),
        (CHANGE + "@@ -9 +9 @\n-a\n+b\n", "Hunk header expected", 9),
        ("--- a/x\n+++ b/x\n@@ -99999999999999999999999999 +1 @@\n-a\n+b\n", "Hunk header expected", 2),
        (f"--- a/x\n+++ b/x\n@@ -1,{'9' * 5000} +1 @@\n-a\n+b\n", "Hunk header expected", 2),
        (CHANGE + CHANGE + "@@ -9,2 +9,2 @@\n-a\n+b\n-- \n2.39\n", "Hunk diff line expected", 22),
    ],
)  # fmt: skip
def test_what_cannot_be_parsed_is_told_with_its_place(text: str, error: str, at: int) -> None:
    diff = Diff(text)
    assert (diff.error, diff.error_at, diff.files) == (error, at, ())


@given(st.lists(st.sampled_from([*CHANGE.splitlines(), *PLAIN.splitlines(), *"".join(BEHIND).splitlines()])))
def test_any_order_of_lines_is_files_or_an_error(lines: list[str]) -> None:
    diff = Diff("\n".join(lines))
    assert not (diff.error and diff.files)
    for file in diff.files:
        assert diff.changed >= len(file.added)
        assert all(diff.lines[line.at] == f"+{line.text}" for line in file.added)


def test_hunks_are_as_unidiff_reads_them() -> None:
    cases = sorted((Path(__file__).parents[1] / "lint" / "cases").iterdir())
    mails = [raw for case in cases for raw in split(io.BytesIO(case.read_bytes()), "x")]
    files = 0
    for text in [CHANGE, PLAIN, *(parse(decode(raw), "x").diff for raw in mails)]:
        for file in Diff(text).files:
            theirs = _by_unidiff(text.split("\n"), file.at)
            files += 1
            assert [(each.start, each.function, list(each.old), list(each.new)) for each in file.hunks] == [
                (each.source_start, each.section_header, *_before_and_after(each)) for each in theirs
            ]
            lines = [line for each in theirs for line in each]
            assert [(line.number, line.text) for line in file.added] == [
                (line.target_line_no, line.value.rstrip("\n")) for line in lines if line.is_added
            ]
            assert [(line.number, line.text) for line in file.removed] == [
                (line.source_line_no, line.value.rstrip("\n")) for line in lines if line.is_removed
            ]
    assert files > 20


def _before_and_after(hunk: Hunk) -> tuple[list[str], list[str]]:
    kept = [line for line in hunk if line.line_type != "\\"]
    before = [line.value.rstrip("\n") for line in kept if not line.is_added]
    return before, [line.value.rstrip("\n") for line in kept if not line.is_removed]


def _by_unidiff(lines: list[str], at: int) -> PatchedFile:
    begin = next(index for index in range(at, len(lines)) if lines[index].startswith("@@ "))
    end = next((index for index in range(begin, len(lines)) if lines[index][:1] not in tuple(" +-@\\")), len(lines))
    (file,) = PatchSet(["--- a\n", "+++ b\n", *(f"{line}\n" for line in lines[begin:end])])
    return file
