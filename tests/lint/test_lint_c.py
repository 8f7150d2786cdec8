"""Rules on C code that fire on added lines, beside the examples of their files."""

from __future__ import annotations

import io

import pytest
from lint.everyrule import RULES

from patcher.cache import Cache
from patcher.lint.context import Context
from patcher.lint.select import Settings
from patcher.lint.session import lint_patches
from patcher.mail.decode import decode
from patcher.mail.mbox import split
from patcher.mail.parse import parse

HEAD = (
    "From: Ada Example <ada@example.org>\nDate: {date}\nSubject: [PATCH] rtc: x: Add b\nMessage-ID: <1@example.org>\n"
)
NOW = "Mon, 3 Mar 2025 10:00:00 +0100"


def told(lines: str, path: str = "drivers/rtc/x.c", date: str = NOW) -> set[str]:
    """The rules that fire where a patch adds lines to a file."""
    return {rule for rule, _ in said(lines, path, date)}


def said(lines: str, path: str, date: str = NOW) -> set[tuple[str, str]]:
    """What they say, each with its rule."""
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
    return {(finding.rule, finding.message) for finding in found.findings}


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
        ("needless-parentheses", "\twhile (n && (left > 0))\n\t\tn--;", "\twhile (n && (left = f()))\n\t\tn--;"),
        ("needless-parentheses", "\treturn (a | b);", "\treturn (a | b) & c;"),
        ("macro-arguments", "#define AT(x) readl(base + x * 2)", "#define AT(x) readl(base + (x) * 2)"),
        ("macro-arguments", "#define LESS(a, b) ((a) < (b) ? (a) : (b))", "#define LESS(a) { .x = (a), .y = (a) }"),
        ("macro-arguments", "#define BIT_OF(n) \\\n\t(1 << n)", "#define NAME_OF(n) \\\n\tfoo_##n + #n"),
        ("indentation", "\ta = f();\n\t\tb = g();", "\tif (a)\n\t\tb = g();"),
        ("indentation", "\tput(a);\n\t\tif (b)\n\t\t\tput(b);", "\tfor (i = 0; i < 3;\n\t     i++)\n\t\tput(i);"),
        ("open-line", "\tret = very_long_name(\n\t\ta, b);", "\tret = very_long_name(a,\n\t\t\t     b);"),
        ("message-function",
         '\tpr_warn("%s() failed: %d\\n", __func__, ret);', '\tpr_debug("failed: %d\\n", ret);'),
        ("message-form", '\txfs_warn(mp, "no space\\n");', '\txfs_warn(mp, "no space");'),
        ("comment-repeated",
         "\t/* LEFT */\n\tPIN(1),\n\tPIN(2),\n\t/* left */\n\tPIN(3),", "\t/* go on */\n\tf();\n\t/* go on */\n\tg();"),
        ("dead-code", "//\tfor (i = 0; i < 3; i++)", "// for those who ask: no"),
        ("dead-code", "\t/* return -EBUSY; */", "\t/* return if busy */"),
        ("probe-error",
         "\tret = devm_foo_get(dev,\n\t\t\t   3);\n\tif (ret) {\n\t\tdev_err(dev, \"none\\n\");\n\t\treturn ret;\n\t}",
         "\tret = foo_get(dev);\n\tif (ret) {\n\t\tdev_err(dev, \"none\\n\");\n\t\treturn ret;\n\t}"),
        ("bool-constant", "static int done = false;", "static bool done = false;"),
        ("case-order", "\tcase 1:\n\tcase 3:\n\tcase 9:\n\tcase 4:\n\t\tbreak;",
         "\tcase 1:\n\tcase 4:\n\tcase 3:\n\tcase 2:\n\t\tbreak;"),
        ("export-documented",
         "void f(int a)\n{\n}\nEXPORT_SYMBOL(f);", "/* It does. */\nvoid f(int a)\n{\n}\nEXPORT_SYMBOL(f);"),
        ("lock-comment", "struct a {\n\tspinlock_t lock;\n};", "struct a {\n\t/* of b */\n\tspinlock_t lock;\n};"),
        ("needless-initialisation", "void f(void)\n{\n\tbool a, b = true;\n\n\ta = b = g();\n\tuse(a, b);\n}",
         "void f(void)\n{\n\tbool a = true;\n\n\twhile (g())\n\t\ta = h();\n\tuse(a);\n}"),
    ],
)  # fmt: skip
def test_what_is_added(rule: str, fires: str, silent: str) -> None:
    assert rule in told(fires)
    assert rule not in told(silent)


def test_an_interface_is_old_from_its_year_on() -> None:
    line = "\tSET_RUNTIME_PM_OPS(a, b, NULL)"
    assert "deprecated-api" in told(line)
    assert "deprecated-api" not in told(line, date="Mon, 1 Mar 2021 10:00:00 +0100")


def test_children_of_each_class_are_told_of() -> None:
    lines = (
        '\tleds {\n\t\tcompatible = "gpio-leds";\n\n\t\tred {\n\t\t\tlabel = "red";\n\t\t};\n\n'
        '\t\tblue {\n\t\t\tlabel = "x";\n\t\t};\n\t};\n\n'
        '\tgpio-keys {\n\t\tcompatible = "gpio-keys";\n\n\t\tpower {\n\t\t\tlabel = "y";\n\t\t};\n\t};'
    )
    found = {message for rule, message in said(lines, "arch/arm64/boot/dts/x/y.dts") if rule == "node-names"}
    assert found == {"the name of a child node of gpio-leds: red", "the name of a child node of gpio-keys: power"}


def test_each_property_that_is_gone_is_told_of() -> None:
    lines = "\tmmc@1000 {\n\t\tsupports-sd;\n\t\tnum-slots = <1>;\n\t};"
    found = {message for rule, message in said(lines, "arch/arm64/boot/dts/x/y.dts") if rule == "node-properties"}
    assert found == {"supports-sd is in no binding", "num-slots is in no binding"}
