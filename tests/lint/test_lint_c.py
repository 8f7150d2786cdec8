"""Rules on C code that fire on added lines, beside the examples of their files."""

from __future__ import annotations

import io

import pytest

from patcher.cache import Cache
from patcher.lint.context import Context
from patcher.lint.rules import shipped
from patcher.lint.select import Settings
from patcher.lint.session import lint_patches
from patcher.mail.decode import decode
from patcher.mail.mbox import split
from patcher.mail.parse import parse

RULES = shipped()
HEAD = (
    "From: Ada Example <ada@example.org>\nDate: {date}\nSubject: [PATCH] rtc: x: Add b\nMessage-ID: <1@example.org>\n"
)
NOW = "Mon, 3 Mar 2025 10:00:00 +0100"


def told(lines: str, path: str = "drivers/rtc/x.c", date: str = NOW) -> set[str]:
    """The rules that fire where a patch adds lines to a file."""
    added = "".join(f"+{line}\n" for line in lines.split("\n"))
    hunk = f"@@ -10,2 +10,{added.count(chr(10)) + 2} @@\n int a;\n{added} int c;\n"
    diff = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{hunk}"
    text = (
        f"{HEAD.format(date=date)}\nIt is needed.\n\nSigned-off-by: Ada Example <ada@example.org>\n---\n{diff}-- \n2\n"
    )
    raws = split(io.BytesIO(f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{text}\n".encode()), "m")
    found = lint_patches(
        [parse(decode(raw), "m") for raw in raws], RULES, Settings(strict=True), Context(None, None), Cache()
    )
    return {finding.rule for finding in found.findings}


@pytest.mark.parametrize(
    ("rule", "fires", "silent"),
    [
        ("message-repeated",
         "\tret = devm_rtc_register_device(rtc);\n\tif (ret)\n\t\treturn dev_err_probe(dev, ret, \"x\\n\");",
         "\tret = devm_rtc_register_device(rtc);\n\tif (ret)\n\t\treturn ret;"),
        ("sizeof-variable", "\tmemset(p, 0, sizeof(struct foo));", "\tmemset(p, 0, sizeof(*p));"),
        ("debug-left",
         '\tdev_info(dev, "%s: %d: %d\\n", __func__, __LINE__, ret);', '\tdev_info(dev, "irq %d\\n", ret);'),
        ("operator-space", "\twritel(v, a ?  b : c);", "\twritel(v, a ? b : c);"),
        ("operator-space", "#define ON (1<<3)", "#define ON (1 << 3)"),
        ("errno-form", "\treturn -1;", "\treturn -EIO;"),
        ("macro-form", "#define V(x) if (0) foo(x)", "#define V(x) do { if (0) foo(x); } while (0)"),
        ("min-max", "\tn = len < max ? len : max;", "\tn = len < max ? len : 0;"),
        ("split-string", '\text4_msg(sb, "inode %d is "\n\t\t "bad\\n");', '\text4_msg(sb, "inode %d is bad\\n");'),
    ],
)  # fmt: skip
def test_what_is_added(rule: str, fires: str, silent: str) -> None:
    assert rule in told(fires)
    assert rule not in told(silent)


def test_an_interface_is_old_from_its_year_on() -> None:
    line = "\tSET_RUNTIME_PM_OPS(a, b, NULL)"
    assert "deprecated-api" in told(line)
    assert "deprecated-api" not in told(line, date="Mon, 1 Mar 2021 10:00:00 +0100")
