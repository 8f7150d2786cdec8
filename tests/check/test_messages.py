"""What compilers say, read and compared by content."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.check.messages import enclosing, new, parse
from patcher.check.results import Message, Severity

TREE, BUILD = Path("/src/tree"), Path("/src/build")
SOURCE = [
    "#include <a.h>",
    "",
    "static int old(void)",
    "{",
    "\treturn 1;",
    "}",
    "int f(int x)",
    "{",
    "\tmin(x, y);",
    "}",
]


def read(said: str) -> tuple[Message, ...]:
    return parse(said, TREE, BUILD, lambda path: SOURCE if path == "mm/a.c" else [])


def test_gcc() -> None:
    said = (
        "In file included from /src/tree/mm/a.c:1:\n"
        "/src/tree/mm/a.c: In function ‘f’:\n"
        "/src/tree/mm/a.c:9:2: error: ‘y’ undeclared (first use in this function)\n"
        "    9 |  min(x, y);\n"
        "/src/tree/mm/a.c: At top level:\n"
        "/src/tree/mm/a.c:3:12: warning: ‘old’ defined but not used [-Wunused-function]\n"
    )
    error, warning = read(said)
    assert error == Message(
        Severity.ERROR, "mm/a.c", 9, "'y' undeclared (first use in this function)", "", "min(x, y);", "f", ""
    )
    assert (warning.severity, warning.option, warning.source) == (
        "warning", "-Wunused-function", "static int old(void)",
    )  # fmt: skip


def test_paths_are_those_of_the_tree() -> None:
    places = ("../tree/mm/a.c:9:2", "include/generated/b.h:1", "/usr/include/c.h:1:1")
    said = "".join(f"{place}: warning: something\n" for place in places)
    assert [each.path for each in read(said)] == ["mm/a.c", "include/generated/b.h", "/usr/include/c.h"]


def test_a_macro_is_told_where_it_is_used() -> None:
    said = (
        "/src/tree/mm/a.c: In function ‘f’:\n"
        "/src/tree/include/k.h:2:24: warning: comparison of distinct pointer types lacks a cast\n"
        "/src/tree/include/k.h:4:2: note: in expansion of macro ‘__cmp’\n"
        "/src/tree/mm/a.c:9:2: note: in expansion of macro ‘min’\n"
    )
    header = ["", "#define __cmp"]
    (message,) = parse(said, TREE, BUILD, lambda path: SOURCE if path == "mm/a.c" else header)
    assert message == Message(
        Severity.WARNING, "mm/a.c", 9, "comparison of distinct pointer types lacks a cast", "", "min(x, y);", "f",
        "#define __cmp",
    )  # fmt: skip


def test_a_macro_of_the_same_file_is_told_where_it_stands() -> None:
    said = "/src/tree/mm/a.c:5:24: warning: something\n/src/tree/mm/a.c:9:2: note: in expansion of macro ‘min’\n"
    (message,) = read(said)
    assert (message.line, message.source, message.within) == (5, "return 1;", "min(x, y);")


def test_an_inline_function_is_told_where_it_is_called() -> None:
    said = (
        "In function ‘fortify_memcpy_chk’,\n"
        "    inlined from ‘copy’ at /src/tree/include/copy.h:4:2,\n"
        "    inlined from ‘f’ at /src/tree/mm/a.c:9:2:\n"
        "/src/tree/include/k.h:2:24: warning: call to ‘__write_overflow_field’ declared with attribute warning\n"
        "/src/tree/include/k.h:7:2: note: in expansion of macro ‘chk’\n"
        "/src/tree/mm/a.c:5:1: warning: another\n"
    )
    first, second = read(said)
    assert (first.path, first.line, first.source, first.function) == ("mm/a.c", 9, "min(x, y);", "f")
    assert (second.path, second.line, second.within) == ("mm/a.c", 5, "")


def test_the_assembler_objtool_and_sparse() -> None:
    said = (
        "/src/tree/mm/a.c: Assembler messages:\n"
        "/src/tree/mm/a.c:9: Warning: no instruction mnemonic suffix given\n"
        "mm/a.o: warning: objtool: f()+0x1c: unreachable instruction\n"
        "/src/tree/mm/a.c:9:6: warning: incorrect type in argument 1 (different address spaces)\n"
        "/src/tree/mm/a.c:9:6:    expected void *\n"
        "/src/tree/mm/a.c:9:6:    got void [noderef] __user *to\n"
    )
    assembler, objtool, sparse = read(said)
    assert (assembler.message, assembler.function) == ("no instruction mnemonic suffix given", "f")
    assert (objtool.path, objtool.severity) == ("mm/a.o", "warning")
    assert sparse.message == (
        "incorrect type in argument 1 (different address spaces) (expected void *) (got void [noderef] __user *to)"
    )


@pytest.mark.parametrize("names", [("/tmp/a-bcebcb.s", "/tmp/a-b5e497.s"), ("/var/tmp/ccNwrVhb.s", "/tmp/ccX1_4Aa.s")])
def test_what_the_assembler_says_of_a_file_that_is_gone(names: tuple[str, str]) -> None:
    said = "{0}: Assembler messages:\n{0}:{1}: Warning: using default for `bts'\n"
    (before,), (after,) = (
        parse(said.format(name, line), TREE, BUILD, lambda _: [], "mm/a.o")
        for name, line in zip(names, (5557, 5560), strict=True)
    )
    assert (before.path, before.line, after.line) == ("mm/a.s", 5557, 5560)
    assert new([before], [after], {}) == ()


def test_what_is_no_message() -> None:
    said = (
        '/src/tree/Makefile:629: "WARNING: Appending $KCFLAGS"\n  CC      mm/a.o\nmake[1]: *** [x: mm/a.o] Error 1\n'
        "cc1: all warnings being treated as errors\n"
    )
    assert read(said) == ()


def test_the_function_around_a_line() -> None:
    assert [enclosing(SOURCE, number) for number in (1, 5, 6, 9)] == ["", "old", "old", "f"]


WARNING = Message(Severity.WARNING, "mm/a.c", 9, "'x' is unused", "-Wunused", "int x;", "f", "")


def moved(message: Message, line: int) -> Message:
    return Message(
        message.severity, message.path, line, *[getattr(message, each) for each in message.__struct_fields__[3:]]
    )


def test_a_moved_line_is_not_new() -> None:
    assert new([WARNING], [moved(WARNING, 90)], {}) == ()


def test_one_that_replaces_another_is_new() -> None:
    other = Message(Severity.WARNING, "mm/a.c", 9, "'y' is unused", "-Wunused", "int y;", "f", "")
    assert new([WARNING], [other], {}) == (other,)


def test_the_same_once_more_is_new() -> None:
    assert new([WARNING], [WARNING, moved(WARNING, 10)], {}) == (moved(WARNING, 10),)


def test_a_renamed_file_keeps_its_warnings() -> None:
    now = Message(Severity.WARNING, "mm/b.c", 9, "'x' is unused", "-Wunused", "int x;", "f", "")
    assert new([WARNING], [now], {"mm/a.c": "mm/b.c"}) == ()
    assert new([WARNING], [now], {}) == (now,)


def test_numbers_in_a_message_do_not_make_it_new() -> None:
    before, after = (
        Message(Severity.WARNING, "mm/a.o", 0, f"objtool: f()+{offset}: unreachable", "", "", "", "")
        for offset in ("0x1c", "0x20")
    )
    assert new([before], [after], {}) == ()


MESSAGES = st.lists(
    st.builds(
        Message, st.sampled_from(["warning", "error"]), st.sampled_from(["a.c", "b.c"]), st.integers(0, 9),
        st.sampled_from(["one", "two"]), st.just(""), st.just(""), st.sampled_from(["f", "g"]), st.just(""),
    )
)  # fmt: skip


@given(MESSAGES, MESSAGES)
def test_new_is_what_there_is_more_of(before: list[Message], after: list[Message]) -> None:
    found = new(before, after, {})
    assert len(found) >= len(after) - len(before)
    assert new(after, after, {}) == ()
    assert len(new([], after, {})) == len(after)
    assert all(message in after for message in found)


def test_smatch() -> None:
    said = "/src/tree/mm/a.c:9 f() warn: unsigned 'x' is never less than zero.\n/src/tree/mm/a.c:9 f() error: deref\n"
    assert [(each.severity, each.line, each.function, each.source) for each in read(said)] == [
        (Severity.WARNING, 9, "f", "min(x, y);"), (Severity.ERROR, 9, "f", "min(x, y);"),
    ]  # fmt: skip


@given(st.text())
def test_any_output_can_be_read(said: str) -> None:
    read(said)


@pytest.mark.parametrize("digits", [10, 5000])
def test_a_line_number_of_any_length(digits: int) -> None:
    """A Makefile can print what it likes. No source has so many lines."""
    number = "9" * digits
    said = f"a.c:{number}:1: warning: x\na.c:1:{number}: warning: y\na.c:{number}: note: in expansion of macro ‘M’\n"
    assert read(said) == ()
