"""From what spatch has written to edits."""

from __future__ import annotations

import pytest

from patcher.cocci.edits import edits
from patcher.series.compose import apply


def edited(old: str, new: str) -> str:
    found = edits("a.c", old.encode(), new.encode(), "why")
    return apply({"a.c": old.encode()}, found).get("a.c", old.encode()).decode()


SAME = "int f(void)\n{\n\treturn g(1,\n\t\t 2);\n}\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SAME, SAME.replace("g(1", "h(1")),
        (SAME, SAME.replace("\treturn g(1,\n\t\t 2);\n", "")),
        (SAME, SAME.replace("{\n", "{\n\tint x;\n\n")),
        (SAME, SAME + "\nint x;\n"),
        ("a\n/* gone */\nb;\n", "a\nb;\n"),
        ("#define A (1)\n", "#define A(1)\n"),
        ('\tp("a"  "b");\n', '\tp("a  b");\n'),
        ("x;\n", ""),
        # a line that is laid out anew between others of its statement, one of them with a string
        ('\treturn f(b, 20,\n\t\tx ?\n\t\t\t"a" : "b");\n', '\treturn ggg(b,\n\t\t   x ?\n\t\t   "a" : "b");\n'),
    ],
)  # fmt: skip
def test_what_was_changed_is_what_comes_out(old: str, new: str) -> None:
    assert edited(old, new) == new


@pytest.mark.parametrize(
    ("new", "wanted"),
    [
        ("int f(void)\n{\n    return g(1,  2);\n}\n", SAME),
        ("int f( void ) {\n\treturn g(1,\n\t\t 2);\n}\n", SAME),
        ("int f( void )\n{\n\treturn h(1, 2);\n}\n", SAME.replace("g(1,\n\t\t ", "h(1, ")),
        ("int f(void)\n{\n  return g(1,\n\t\t 3);\n}\n", SAME.replace("2);", "3);")),
    ],
)  # fmt: skip
def test_code_that_was_only_laid_out_anew_stays(new: str, wanted: str) -> None:
    assert edited(SAME, new) == wanted


def test_an_edit_is_a_place_in_one_line_and_no_more() -> None:
    old = b'\tif (!a)\n\t\treturn b ? "yes" : "no";\n\treturn x;\n'
    (edit,) = edits("a.c", old, old.replace(b'b ? "yes" : "no"', b"str_yes_no(b)"), "why")
    assert old[edit.span.start : edit.span.end] == b'b ? "yes" : "no"'[1:] or edit.replacement.startswith(b"str_yes_no")
    assert edit.because == "why"


def test_a_file_in_which_all_lines_are_alike_takes_no_time() -> None:
    old = b"}\n" * 20_000
    assert edits("a.c", old, old + b"int x;\n", "why")
