"""Patches are taken to pieces where git does it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.mail import read
from patcher.mail.decode import decode
from patcher.mail.model import Kind, Patch, Person, Prefix, RawMail
from patcher.mail.parse import parse, parse_subject, parse_tags
from patcher.mail.write import mail, mbox

DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"


def patch(text: str) -> Patch:
    return parse(decode(RawMail("x.patch", 1, text.encode("utf-8", "surrogateescape"), "", False)), "x")


@pytest.mark.parametrize(
    ("subject", "prefix", "summary"),
    [
        ("[PATCH] x: y", Prefix("[PATCH]", True), "x: y"),
        ("[PATCH 02/11] x: y", Prefix("[PATCH 02/11]", True, 1, 2, 11, (2, 2)), "x: y"),
        ("[RFC PATCH v3 1/2] x", Prefix("[RFC PATCH v3 1/2]", True, 3, 1, 2, (1, 1), True), "x"),
        ("[PATCHv2] x", Prefix("[PATCHv2]", True, 2), "x"),
        (
            "[PATCH net-next v2 0/3] x",
            Prefix("[PATCH net-next v2 0/3]", True, 2, 0, 3, (1, 1), words=("net-next",)),
            "x",
        ),
        ("[PATCH RESEND] [media] x: y", Prefix("[PATCH RESEND]", True, resend=True), "[media] x: y"),
        ("[RFC] [PATCH] x", Prefix("[RFC] [PATCH]", True, rfc=True), "x"),
        ("[media] x: y", Prefix(""), "[media] x: y"),
        ("", Prefix(""), ""),
        ("[PATCH", Prefix(""), "[PATCH"),
    ],
)
def test_subjects(subject: str, prefix: Prefix, summary: str) -> None:
    assert parse_subject(subject) == (prefix, summary, False)


def test_replies() -> None:
    assert parse_subject("Re: [PATCH 1/2] x")[2]
    assert patch(f"Subject: Re: [PATCH] x\n\n> {DIFF}").kind is Kind.REPLY


def test_the_pieces() -> None:
    found = patch(
        "From: B <b@x.org>\nSubject: [PATCH 1/2] x: y\n\nFrom: A <a@x.org>\n\nText.\n\nSigned-off-by: A <a@x.org>\n"
        f"---\nv2: all new\n x | 2 +-\n\n{DIFF}-- \n2.39\n\nbase-commit: {'1' * 40}\n"
    )
    assert found.kind is Kind.PATCH
    assert (found.author, found.sender) == (Person("A", "a@x.org"), Person("B", "b@x.org"))
    assert found.body == ("Text.", "", "Signed-off-by: A <a@x.org>")
    assert found.body_line == 6
    assert found.below == ("v2: all new", " x | 2 +-", "")
    assert found.below_line == 10
    assert found.diff.startswith("diff --git")
    assert found.diff_line == 13
    assert found.base == "1" * 40


@pytest.mark.parametrize(
    "text", ["From here it works.\n", "From: everywhere\nand more\n", "Subject: is missing a word\nx\n"]
)
def test_text_that_looks_like_a_header(text: str) -> None:
    assert patch(f"From: B <b@x.org>\nSubject: [PATCH] x\n\n{text}---\n{DIFF}").body[0] == text.partition("\n")[0]


def test_a_cover_letter_without_a_diff() -> None:
    found = patch("From: A <a@x.org>\nSubject: [PATCH 0/2] x\n\nIt does.\n\n x | 2 +-\n\n-- \n2.39\n")
    assert found.kind is Kind.COVER
    assert found.body == ("It does.", "", " x | 2 +-")


def test_a_rule_of_dashes_in_the_text_ends_the_message_as_it_does_for_git() -> None:
    assert patch(f"Subject: [PATCH] x\n\none\n---\ntwo\n{DIFF}").body == ("one",)
    assert patch(f"Subject: [PATCH] x\n\none\n----\ntwo\n---\n{DIFF}").body == ("one", "----", "two")


@pytest.mark.parametrize(
    ("body", "areas"),
    [
        (["Text", "", "Fixes: 1", "Signed-off-by: A"], [True, True]),
        (["Fixes: 1 is what it does", "and more", "", "Signed-off-by: A"], [False, True]),
        (["Text", "", "Signed-off-by: A", "[ b: changed it ]", "Signed-off-by: B"], [True, True]),
        (["Text", "", "Signed-off-by: A", "[b: changed", " it all]", "Signed-off-by: B"], [True, True]),
        (["Text", "", "Fixes: 1", "", "Signed-off-by: A"], [True, True]),
        (["Note: no tag", "http://x", ""], []),
    ],
)
def test_tags(body: list[str], areas: list[bool]) -> None:
    assert [tag.area for tag in parse_tags(body)] == areas


def test_real_format_patch_output(mini_repo: Path, git: object, tmp_path: Path) -> None:
    """What git format-patch writes is what the repository has; git am takes what we write."""
    assert callable(git)
    (mini_repo / "README.new").write_text("Grüße\n>From me\n")
    git(mini_repo, "add", "-A")
    git(mini_repo, "commit", "-q", "-m", "x: Add a file\n\nFrom here on it is there.\n\nSigned-off-by: Jü <j@x.org>",
        "--author", "Jürgen Groß <jg@x.org>")  # fmt: skip
    git(mini_repo, "format-patch", "-q", "-1", "-o", tmp_path)
    (found,) = read.patches(read.files([str(tmp_path)]))
    assert found.summary == "x: Add a file"
    assert found.author == Person("Jürgen Groß", "jg@x.org")
    assert found.body == ("From here on it is there.", "", "Signed-off-by: Jü <j@x.org>")
    written = tmp_path / "again.mbox"
    written.write_bytes(mbox([found]).encode())
    tree = git(mini_repo, "rev-parse", "HEAD^{tree}")
    message = git(mini_repo, "log", "-1", "--format=%an %ae %B")
    git(mini_repo, "reset", "-q", "--hard", "HEAD^")
    git(mini_repo, "am", "-q", written)
    assert git(mini_repo, "rev-parse", "HEAD^{tree}") == tree
    assert git(mini_repo, "log", "-1", "--format=%an %ae %B") == message


LINE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40)


@given(st.lists(LINE.filter(str.strip), min_size=1, max_size=5), st.text('ab Äß,."\\', min_size=1, max_size=12))
def test_what_is_written_is_read_back(lines: list[str], name: str) -> None:
    first = patch(f"From: A <a@x.org>\nSubject: [PATCH] x: y\n\nText.\n---\n{DIFF}")
    import msgspec

    author = Person(" ".join(name.split()) or "A", "a@x.org")
    body = tuple(line.rstrip() for line in ("Text.", *lines) if not line.startswith(("diff -", "Index: ", "---")))
    wanted = msgspec.structs.replace(first, author=author, sender=author, body=body)
    content = mail(wanted).partition("\n")[2]
    again = patch(content)
    assert again.body == body
    assert again.author.name == author.name
    assert again.diff.startswith(DIFF)


def test_git_mailinfo_agrees(tmp_path: Path) -> None:
    """On the message, git itself and we say the same."""
    text = (
        "From: B <b@x.org>\nDate: Tue, 21 Dec 2010 16:37:10 -0500\nSubject: [PATCH 1/2] x: y\n\n"
        f"From: A <a@x.org>\n\nText.\n\n  indented\nSigned-off-by: A <a@x.org>\n---\nnote\n\n{DIFF}-- \n2.39\n"
    )
    done = subprocess.run(
        ["git", "mailinfo", tmp_path / "msg", tmp_path / "patch"],
        input=text,
        text=True,
        capture_output=True,
        check=True,
    )
    found = patch(text)
    assert "\n".join(found.body) == (tmp_path / "msg").read_text().strip("\n")
    assert f"Author: {found.author.name}\nEmail: {found.author.address}\nSubject: {found.summary}\n" in done.stdout


def test_a_subject_that_is_no_text_is_written_as_it_was() -> None:
    found = patch(f"From: A <a@example.org>\nSubject: [PATCH] =?utf-8?q?xen:_=C3?= it\n\nWhy.\n---\n{DIFF}")
    assert found.subject == "[PATCH] xen: \udcc3 it"
    assert patch(mbox([found]).partition("\n")[2]).subject == found.subject
