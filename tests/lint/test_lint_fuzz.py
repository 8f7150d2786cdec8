"""The whole reading path takes anything: mail made of pieces of mail, cut, doubled and mixed with bytes."""

from __future__ import annotations

import io
import os
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patcher import data
from patcher.lint.context import Context
from patcher.lint.examples import mail
from patcher.lint.fix import fixed
from patcher.lint.ignore import Ignores
from patcher.lint.rules import load_rules
from patcher.lint.run import Linter, Settings
from patcher.mail.decode import decode
from patcher.mail.mbox import split
from patcher.mail.parse import parse
from patcher.mail.write import mbox
from patcher.report.lint_json import lint_json
from patcher.report.lint_junit import lint_junit
from patcher.report.lint_sarif import lint_sarif
from patcher.report.lint_terse import lint_terse
from patcher.report.lint_text import lint_text

RULES = load_rules(data.directory("rules") / "lint", examples=True)
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


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.lists(PIECES, max_size=30))
def test_anything_is_taken(pieces: list[bytes]) -> None:
    raws = list(split(io.BytesIO(b"".join(pieces)), "fuzz.mbox"))
    patches = [parse(decode(raw), f"mail {number}") for number, raw in enumerate(raws)]
    outcome = Linter(RULES, Context(None, None), Settings(strict=True), Ignores((), ())).lint(patches)
    assert outcome.patches + outcome.others == len(patches)
    for text in (
        lint_text(outcome, lambda text, **_: text, verbose=True), lint_json(outcome, TOOL), lint_junit(outcome),
        lint_sarif(outcome, RULES, TOOL), lint_terse(outcome),
    ):  # fmt: skip
        assert not BAD & set(text)
    mbox([fixed(patch, "tip", None) for patch in patches]).encode("utf-8", "surrogateescape")


def test_every_example_cut_anywhere(tmp_path: Path) -> None:
    for number, text in enumerate(MAILS):
        cut = text[: len(text) * (number % 7 + 1) // 8]
        patches = [parse(decode(raw), "x") for raw in split(io.BytesIO(cut), "x")]
        Linter(RULES, Context(None, None), Settings(), Ignores((), ())).lint(patches)
