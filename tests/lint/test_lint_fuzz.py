"""The whole reading path takes anything: from the bytes of a mailbox to every format, corrections included.

Two kinds of input: pieces of mail mixed with bytes; and mail as people send it (in any encoding, charset and MIME
structure, in threads of several versions), then damaged. For a longer run by hand, say how many seconds each takes:

    PATCHER_FUZZ_SECONDS=1800 python -m pytest tests/lint/test_lint_fuzz.py -s

It tells how many examples were tried, and a failing one as hypothesis does. ``PATCHER_FUZZ_EXAMPLES`` sets the number
in the suite.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import quopri
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patcher.cache import Cache
from patcher.escape import safe
from patcher.lint.context import Context
from patcher.lint.examples import MemoryHistory, mail
from patcher.lint.fix import difference, fixed
from patcher.lint.rules import shipped
from patcher.lint.select import Settings
from patcher.lint.session import lint_patches
from patcher.mail.decode import decode
from patcher.mail.mbox import split
from patcher.mail.model import Patch
from patcher.mail.parse import parse
from patcher.mail.write import mbox
from patcher.report.lint_codequality import lint_codequality
from patcher.report.lint_json import SCHEMA, lint_json
from patcher.report.lint_junit import lint_junit
from patcher.report.lint_patchwork import lint_patchwork
from patcher.report.lint_sarif import lint_sarif
from patcher.report.lint_terse import lint_b4, lint_terse
from patcher.report.lint_text import lint_text

RULES = shipped(examples=True)
MAILS = [mail(example).encode() for rule in RULES for example in rule.example]
LINES = sorted({line for each in MAILS for line in each.splitlines(keepends=True)})
HEADERS = [
    b"Content-Type: multipart/mixed; boundary=B\n", b"--B\n", b"--B--\n", b"Content-Transfer-Encoding: base64\n",
    b"Content-Type: text/plain; charset=x; format=flowed; delsp=yes\n", b"Content-Type: ;;;=\n", b"\n", b"\r\n",
    b"From: =?utf-8?b?\xff?= <\n", b"Subject: =?x?q?=zz?=\n", b"From x Mon Sep 17 00:00:00 2001\n", b"References: <<>>\n",  # noqa: E501
    b"Content-Transfer-Encoding: quoted-printable\n", b"\0\x1b[2J\n", b"@@ -0,0 +1,99999999999 @@\n", b"rename from \n",
    b"GIT binary patch\n", b"Binary files a and b differ\n", b'diff --git "a/\\777 b/x\n', b"old mode \n", b"\\ No newline\n",  # noqa: E501
]  # fmt: skip
PIECES = st.one_of(
    st.sampled_from(LINES), st.sampled_from(HEADERS), st.binary(max_size=60),
    st.sampled_from(MAILS).flatmap(lambda text: st.integers(0, len(text)).map(lambda at: text[at:])),
)  # fmt: skip
BAD = {"\x1b", "\0", "\x9b", "\u202e", "\r"}
TOOL = {"name": "patcher", "version": "0"}
EXAMPLES = int(os.environ.get("PATCHER_FUZZ_EXAMPLES", "150"))
SECONDS = float(os.environ.get("PATCHER_FUZZ_SECONDS", "0"))
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
HISTORY = MemoryHistory({"1234567890ab" + "0" * 28: "xen: Add it", "1234567890ac" + "0" * 28: "xen: Drop it"}, {})

# Mail as people send it.

CHARSETS = ["utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "koi8-r", "utf-7", "utf-16", "gb18030",
            "iso-2022-jp", "shift_jis", "big5", "hz", "idna", "rot13", "hex", "unicode_escape", "undefined",
            "x-no"]  # fmt: skip
PREFIXES = [b"[PATCH]", b"[PATCH v2 1/2]", b"[PATCH net-next v3 02/10]", b"[RFC PATCH 0/3]", b"Re: [PATCH 1/2]", b"",
            b"[tip:x86/mm]", b"[PATCH 5.10 007/123]", b"AW: Fwd: [PATCHv4]", b"[PATCH 99999/0]"]  # fmt: skip
SUBJECTS = ["xen: Gr\u00fc\u00dfe", "=?utf-8?q?xen:_=C3=A9?=", "=?iso-8859-1?b?4A==?= x", "x86/mm: " + "a b " * 30, "."]
WHO = ['"A, U. Thor" <a@example.org>', "\u0141ukasz \u017b <l@example.pl>", "a at b", "<>", "x <x@y>, z <z@y>", "",
       "(c) a@b (d)", "=?utf-8?q?=C5=81?= <l@example.pl>", "<@a,@b:c@d>", "group: a@b, c@d;"]  # fmt: skip
TAGS = [b"Fixes: 1234567890ab (\"xen: Add it\")\n",
        b"Fixes: 1234567890a\n", b"fixes: commit 1234567890ac xen: Add it\n",
        b"Cc: stable@vger.kernel.org # 5.4+\n", b"Change-Id: I123\n", b"Singed-off-by: \xff <\xfe@x>\n", b"Acked-by:\n",
        b"This fixes commit 1234567890ac (\"xen:\n  Drop it\") of before.\n", b"base-commit: " + b"0" * 40 + b"\n",
        b"Patcher-ignore: spdx because\n", b"Patcher-ignore:\n"]  # fmt: skip


@st.composite
def sent(draw: st.DrawFn) -> bytes:
    """One mail, well formed or nearly so: the rules' examples in the transports that are met with."""
    whole = draw(st.sampled_from(MAILS))
    head, _, body = whole.partition(b"\n\n")
    for tag in draw(st.lists(st.sampled_from(TAGS), max_size=3)):
        body = body.replace(b"Signed-off-by:", tag + b"Signed-off-by:", 1)
    if draw(st.booleans()):
        subject = draw(st.sampled_from(SUBJECTS)).encode()
        head = (
            b"From: "
            + draw(st.sampled_from(WHO)).encode()
            + b"\nSubject: "
            + draw(st.sampled_from(PREFIXES))
            + b" "
            + subject
        )
        head += b"\nMessage-ID: <" + draw(st.sampled_from([b"1@x", b"2@x", b"3@x"])) + b">\nIn-Reply-To: <1@x>"
    if draw(st.booleans()):
        body = draw(st.sampled_from(["Grüße, ﬁ – €\n", "ж\n", "\u3042\n", "\x85\u2028\n"])).encode() + body
    charset = draw(st.sampled_from(CHARSETS))
    if draw(st.booleans()):
        with contextlib.suppress(LookupError, UnicodeError, TypeError):
            body = body.decode("utf-8", "replace").encode(charset, "replace")
    flowed = draw(st.sampled_from([b"", b"; format=flowed", b"; format=flowed; delsp=yes"]))
    if flowed:
        body = body.replace(b" the ", b" \nthe ")
    transport = draw(st.sampled_from(["", "8bit", "base64", "quoted-printable", "uuencode"]))
    if transport == "base64":
        body = base64.encodebytes(body)
    elif transport == "quoted-printable":
        body = quopri.encodestring(body)
    kind = draw(st.sampled_from([b"text/plain", b"text/x-patch", b"text/html", b"application/octet-stream"]))
    inner = b"Content-Type: " + kind + b"; charset=" + charset.encode() + flowed
    inner += b"\nContent-Transfer-Encoding: " + transport.encode() if transport else b""
    structure = draw(st.sampled_from(["plain", "plain", "mixed", "nested", "bare"]))
    if structure == "bare":
        return head + b"\n\n" + body
    if structure == "plain":
        return head + b"\n" + inner + b"\n\n" + body
    part = b"--B\n" + inner + b"\n\n" + body + b"\n"
    if structure == "nested":
        part = (
            b"--B\nContent-Type: multipart/alternative; boundary=B2\n\n"
            + part.replace(b"--B\n", b"--B2\n")
            + b"--B2--\n"
        )
    text = b"--B\nContent-Type: text/plain\n\nHello,\n\n"
    return head + b"\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n" + text + part + b"--B--\n"


def _at(draw: st.DrawFn, content: bytes) -> int:
    return draw(st.integers(0, len(content)))


def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with one thing wrong: cut, a piece gone, doubled, moved, or other bytes in its place."""
    start = _at(draw, content)
    end = min(len(content), start + draw(st.integers(0, 80)))
    how = draw(st.sampled_from(["cut", "drop", "double", "insert", "flip", "crlf", "line", "swap"]))
    if how == "cut":
        return content[:start]
    if how == "drop":
        return content[:start] + content[end:]
    if how == "double":
        return content[:end] + content[start:]
    if how == "insert":
        return content[:start] + draw(PIECES) + content[start:]
    if how == "flip":
        return content[:start] + draw(st.binary(min_size=1, max_size=4)) + content[start + 1 :]
    if how == "crlf":
        return content[:start] + content[start:].replace(b"\n", b"\r\n")
    lines = content.splitlines(keepends=True)
    if len(lines) < 2:
        return content
    one, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
    if how == "swap":
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines[one] = draw(st.sampled_from(LINES + HEADERS))
    return b"".join(lines)


@st.composite
def mailboxes(draw: st.DrawFn) -> bytes:
    """Several mails in one file, as they were sent, or damaged."""
    mails = draw(st.lists(sent(), min_size=1, max_size=4))
    content = b"".join(b"From git@z Thu Jan  1 00:00:00 1970\n" + each + b"\n" for each in mails)
    if len(mails) == 1 and draw(st.booleans()):
        content = mails[0]
    for _ in range(draw(st.integers(0, 5))):
        content = damaged(draw, content)
    return content


def taken(content: bytes) -> None:
    """The mail is read, linted and shown in every format, and corrected; and all of that is well formed."""
    raws = list(split(io.BytesIO(content), "fuzz.mbox"))
    patches = [parse(decode(raw), f"mail {number}") for number, raw in enumerate(raws)]
    outcome = lint_patches(patches, RULES, Settings(strict=True), Context(None, HISTORY), Cache())
    assert outcome.patches + outcome.others == len(patches)
    length = content.count(b"\n") + 2
    for each in outcome.findings:
        assert each.path != "fuzz.mbox" or 0 <= each.line <= length, each
    report, junit = lint_json(outcome, TOOL), lint_junit(outcome)
    sarif, terse = lint_sarif(outcome, RULES, TOOL), lint_terse(outcome)
    text, b4 = lint_text(outcome, lambda text, **_: text, verbose=True), lint_b4(outcome)
    quality, checks = lint_codequality(outcome), lint_patchwork(outcome, TOOL)
    for shown in (report, junit, sarif, terse, text, b4, quality, checks):
        assert not BAD & set(shown)
        shown.encode()
    VALIDATOR.validate(json.loads(report))
    assert len(json.loads(sarif)["runs"][0]["results"]) == terse.count("\n") == b4.count("\n") == len(outcome.findings)
    assert len(json.loads(quality)) == len(outcome.findings) and len(json.loads(checks)["checks"]) == outcome.patches
    ElementTree.fromstring(junit)
    put_right(patches)


def put_right(patches: list[Patch]) -> None:
    """Corrections can be written, read again, and leave nothing more to correct; a diff is never changed."""
    every = {rule.id for rule in RULES}
    for reported in (every, every - {"tag-order"}):
        after = [fixed(patch, reported, HISTORY) for patch in patches]
        for before, now in zip(patches, after, strict=True):
            assert before.diff == now.diff
            assert fixed(now, reported, HISTORY) == now
            safe(difference(before, now)).encode()
        mbox(after).encode("utf-8", "surrogateescape")


def for_long(test: Callable[[], None]) -> None:
    """The test again and again, for the seconds asked for."""
    start = time.monotonic()
    test()
    rounds = 1
    while time.monotonic() - start < SECONDS:
        test()
        rounds += 1
    if SECONDS:
        print(f"\n{rounds * EXAMPLES} examples in {time.monotonic() - start:.0f} seconds")  # noqa: T201


FUZZ: dict[str, Any] = {"max_examples": EXAMPLES, "suppress_health_check": list(HealthCheck), "deadline": None}


@pytest.mark.parametrize("input_", [st.lists(PIECES, max_size=30).map(b"".join), mailboxes()], ids=["pieces", "mail"])
def test_anything_is_taken(input_: st.SearchStrategy[bytes]) -> None:
    @settings(**FUZZ)
    @given(input_)
    def test(content: bytes) -> None:
        taken(content)

    for_long(test)


def test_every_example_cut_anywhere(tmp_path: Path) -> None:
    for number, text in enumerate(MAILS):
        cut = text[: len(text) * (number % 7 + 1) // 8]
        patches = [parse(decode(raw), "x") for raw in split(io.BytesIO(cut), "x")]
        lint_patches(patches, RULES, Settings(), Context(None, None), Cache())
