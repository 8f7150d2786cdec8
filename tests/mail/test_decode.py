"""Headers and text of mail, as clients send it and as they should not."""

from __future__ import annotations

import base64
import quopri

import pytest

from patcher.mail.decode import decode
from patcher.mail.model import Mail, Person, RawMail

TEXT = "Grüße = 1\n\ttab and trailing \n"


def mail(content: bytes, cut: bool = False) -> Mail:
    return decode(RawMail("x.mbox", 10, content, "", cut))


def kinds(decoded: Mail) -> set[str]:
    return {problem.kind for problem in decoded.problems}


def test_a_mail_with_crlf_in_a_mailbox_with_lf() -> None:
    """The empty line before the next mail is the mailbox's."""
    content = b"From: A <a@x.org>\r\nSubject: x\r\n\r\ntext\r\n"
    assert mail(content + b"\n").text.rstrip("\n") == mail(content).text.rstrip("\n") == "text"
    assert mail(content + b"\n").subject == "x"


def test_headers() -> None:
    decoded = mail(
        b'From: =?UTF-8?q?J=C3=BCrgen_Gro=C3=9F?= <jg@example.org>\nTo: a@example.org, "B, C" <b@example.org>\n'
        b"Cc: xen@example.org\nSubject: [PATCH 1/2] =?UTF-8?B?eDg2OiDDvA==?=\n folded\nMessage-Id: <1@x>\n"
        b"In-Reply-To: <0@x>\nReferences: <a@x>\n <0@x>\n\ntext\n"
    )
    assert decoded.sender == Person("Jürgen Groß", "jg@example.org")
    assert [person.address for person in decoded.to] == ["a@example.org", "b@example.org", "xen@example.org"]
    assert decoded.subject == "[PATCH 1/2] x86: ü folded"
    assert (decoded.message_id, decoded.in_reply_to, decoded.references) == ("<1@x>", "<0@x>", ("<a@x>", "<0@x>"))
    assert decoded.text == "text\n"
    assert (decoded.subject_line, decoded.text_line) == (13, 20)


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_every_encoding_and_charset(charset: str, encoding: str) -> None:
    raw = TEXT.encode(charset)
    body = {"8bit": raw, "quoted-printable": quopri.encodestring(raw), "base64": base64.encodebytes(raw)}[encoding]
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n".encode()
    decoded = mail(head + body)
    assert decoded.text == TEXT
    assert not decoded.problems
    assert decoded.exact == (encoding == "8bit")


@pytest.mark.parametrize(
    "declared",
    ["us-ascii", "utf-8", "x-no-such-charset", "utf-16", "idna", "base64", "punycode", "unicode_escape", "rot13"],
)
def test_a_wrong_charset_is_told_and_nothing_is_lost(declared: str) -> None:
    raw = "Jürgen\n".encode("iso-8859-1")
    decoded = mail(f"Content-Type: text/plain; charset={declared}\n\n".encode() + raw)
    assert kinds(decoded) == {"charset"}
    assert decoded.text.encode("utf-8", "surrogateescape") == raw


@pytest.mark.parametrize("declared", ["iso-8859-1", "idna", "x-no-such-charset", "us-ascii"])
def test_a_part_is_read_as_it_was_sent(declared: str) -> None:
    """Not through what the email package makes of a declared charset."""
    head = f"--B\nContent-Type: text/plain; charset={declared}\n\n"
    raw = (
        b"Content-Type: multipart/mixed; boundary=B\n\n" + head.encode() + "Jürgen\n".encode("iso-8859-1") + b"--B--\n"
    )
    decoded = mail(raw)
    if declared == "iso-8859-1":
        assert (decoded.text, kinds(decoded)) == ("Jürgen\n", set())
    else:
        assert (decoded.text.encode("utf-8", "surrogateescape"), kinds(decoded)) == (b"J\xfcrgen\n", {"charset"})


def test_half_a_character_of_utf_7_is_told() -> None:
    decoded = mail(b"Subject: =?utf-7?q?+2AA-?=\nContent-Type: text/plain; charset=utf-7\n\n+2AA-\n")
    assert (decoded.text, decoded.subject, kinds(decoded)) == ("+2AA-\n", "+2AA-", {"charset"})


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_headers_that_are_not_encoded(charset: str) -> None:
    """They are not allowed to be, and are met with: of what cannot be read nothing is lost."""
    decoded = mail("From: Jürgen <j@example.org>\nSubject: Grüße\n\nx\n".encode(charset))
    for text, sent in ((decoded.subject, "Grüße"), (decoded.sender.name, "Jürgen")):
        assert text.encode("utf-8", "surrogateescape") == sent.encode(charset)


def test_utf_8_that_says_latin_1() -> None:
    decoded = mail("Content-Type: text/plain; charset=iso-8859-1\n\nJürgen\n".encode())
    assert (decoded.text, kinds(decoded)) == ("Jürgen\n", {"charset"})


def test_undeclared_bytes_are_kept() -> None:
    assert mail(b"A: 1\n\n+\xfc\n").text == "+\udcfc\n"


def test_format_flowed() -> None:
    decoded = mail(b"Content-Type: text/plain; format=flowed\n\none \ntwo\n  stuffed\n-- \nsignature\n")
    assert decoded.text == "one two\n stuffed\n-- \nsignature\n"
    assert kinds(decoded) == {"flowed"}


def test_line_ends_of_the_file_are_no_matter() -> None:
    decoded = mail(b"Subject: x\r\n\r\na\r\nb\r\n")
    assert (decoded.text, kinds(decoded)) == ("a\nb\n", set())


def test_line_ends_inside_of_an_encoding_are() -> None:
    decoded = mail(b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"a\r\nb\r\n"))
    assert (decoded.text, kinds(decoded)) == ("a\nb\n", {"crlf"})


def test_attachments() -> None:
    decoded = mail(
        b"Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain\n\nhello\n--B\n"
        b"Content-Type: text/x-patch; name=a.patch\nContent-Disposition: attachment\n\ndiff --git a/x b/x\n--B--\n"
    )
    assert "hello" in decoded.text
    assert "diff --git" in decoded.text
    assert kinds(decoded) == {"attachment"}


def test_html() -> None:
    assert kinds(mail(b"Content-Type: text/html\n\n<b>x</b>\n")) == {"html"}


def test_a_signature_is_no_attachment() -> None:
    decoded = mail(
        b"Content-Type: multipart/signed; boundary=B\n\n--B\nContent-Type: text/plain\n\nhello\n--B\n"
        b"Content-Type: application/pgp-signature\n\nxxx\n--B--\n"
    )
    assert (decoded.text, decoded.problems) == ("hello\n", ())


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"A: 1\n\n\0\n", "nul"),
        (b"Content-Transfer-Encoding: base64\n\nYWJjZ", "truncated"),
        (b"Content-Transfer-Encoding: rot13\n\nx\n", "encoding"),
        (b"Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain\n\nhello\n", "truncated"),
        (b"X: " + b"y" * 300_000 + b"\n\nx\n", "headers"),
    ],
)
def test_damage_is_told(content: bytes, kind: str) -> None:
    assert kind in kinds(mail(content))


def test_deep_nesting() -> None:
    inner = b"Content-Type: text/plain\n\nx\n"
    for number in range(2000):
        boundary = b"B%d" % number
        inner = b"Content-Type: multipart/mixed; boundary=%b\n\n--%b\n%b\n--%b--\n" % (
            boundary,
            boundary,
            inner,
            boundary,
        )
        if len(inner) > 200_000:
            break
    assert "nested" in kinds(mail(inner))


def test_a_bare_diff() -> None:
    decoded = mail(b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
    assert decoded.subject == ""
    assert decoded.text.startswith("--- a/x")
    assert decoded.text_line == 10
