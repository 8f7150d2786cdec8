"""Whether anybody can read the first value of a variable."""

from __future__ import annotations

import pytest

from patcher.lint.first_value import unread

UNREAD = {
    "a call": ("int ret = 0;", "ret = f();\nreturn ret;"),
    "its own size": ("struct foo *p = NULL;", "p = kzalloc(sizeof(*p), GFP_KERNEL);\nreturn p;"),
    "one of several": ("u32 a, b = 0, *c;", "a = g(&c);\nb = a;\nuse(b, *c);"),
    "another kind of constant": ("unsigned int mode = MODE_FAST;", "mode = pick(x);\nuse(mode);"),
    "both branches": ("int ret = 0;", "if (a)\nret = f();\nelse\nret = 2;\nreturn ret;"),
    "every way that goes on": ("int n = -EINVAL;", "if (!a) {\nprint();\nreturn 2;\n}\nn = f();\nreturn n;"),
    "a jump to where nobody asks": ("int n = 0;", "if (!a)\ngoto out;\nn = f();\nuse(n);\nout:\ng();\nreturn 2;"),
    "a condition": ("int err = 0;", "if ((err = f()) < 0)\nreturn err;\nreturn 0;"),
    "a loop": ("int i = 0;", "for (i = 0; i < n; i++)\nf(i);"),
    "a macro that assigns": ("unsigned long bit = 0;", "for_each_set_bit(bit, &mask, 8) {\nf(bit);\n}"),
    "a poll": ("u32 v = 0;", "return readl_poll_timeout(base + 4, v, v & 1, 1, 2);"),
    "an inner block": ("", "if (b) {\nint n = 0;\n\nn = c;\nuse(n);\n}"),
    "a walk": ("char *p = NULL;", "while ((p = strsep(&s, c)))\nf(p);"),
}
READ = {
    "one branch": ("int ret = 0;", "if (a)\nret = f();\nreturn ret;"),
    "a loop that may not run": ("int ret = 0, i;", "for (i = 0; i < n; i++)\nret = f(i);\nreturn ret;"),
    "a jump": ("int ret = -EINVAL;", "if (a)\ngoto out;\nret = f();\nout:\nreturn ret;"),
    "its address": ("u32 v = 0;", "read(&v);\nreturn v;"),
    "the next declaration": ("int a = 1, b = a;", "a = f();\nuse(a, b);"),
    "an inner one of that name": ("int n = 0;", "if (b) {\nint n = 2;\nuse(n);\n}\nreturn n;"),
    "a way out of a loop": ("int err = 0;", "do {\nif (x)\nbreak;\nerr = 1;\n} while (err);\nreturn err;"),
    "a case that leaves it": ("int v = 0;", "switch (a) {\ncase 1:\nv = 1;\nbreak;\ncase 2:\nbreak;\n}\nreturn v;"),
    "a sum": ("int v = 0;", "v += 2;\nreturn v;"),
    "a second round": ("int v = 0;", "again:\nif (v > 2)\nreturn;\nv = f();\ngoto again;"),
    "a macro that goes on from it": ("struct pci_dev *d = NULL;", "for_each_pci_dev(d)\nf(d);"),
    "a walk that goes on from it": ("struct pci_dev *d = NULL;", "while ((d = pci_get_device(A, B, d)))\nf(d);"),
    "behind &&": ("int v = 0;", "if (a && (v = f()))\nuse(v);\nreturn v;"),
    "a static one": ("static int v = 0;", "v = f();\nuse(v);"),
    "a preprocessor's": ("int v = 0;", "#ifdef A\nv = f();\n#endif\nv = g();\nuse(v);"),
    "nobody sets it": ("int v = 0;", "return 1;"),
    "no constant": ("int v = f();", "v = g();\nuse(v);"),
}


def _names(declaration: str, body: str) -> list[str]:
    return [each.name for each in unread(f"{{\n{declaration}\n\n{body}\n}}")]


@pytest.mark.parametrize("case", UNREAD)
def test_it_is_overwritten(case: str) -> None:
    assert len(_names(*UNREAD[case])) == 1


@pytest.mark.parametrize("case", READ)
def test_it_may_be_read(case: str) -> None:
    assert _names(*READ[case]) == []


def test_comments_and_strings_say_nothing() -> None:
    assert _names("int v = 0; /* v */", '// v is 0\nprint("v");\nv = f("{", \'}\');\nuse(v);') == ["v"]


def test_the_line_is_that_of_the_declaration() -> None:
    assert [each.line for each in unread("{\n\tint a;\n\tint b = 0;\n\n\tb = f(&a);\n\tuse(b);\n}")] == [2]


@pytest.mark.parametrize(
    "text", ["{", "{ if (", "{ do x; while", "}", "", "{" * 500, "{ a ( ( ; }", "{ x: }", "{ ) ; }"]
)
def test_what_is_no_function_says_nothing(text: str) -> None:
    assert list(unread(text)) == []
