"""From operations on named things to bytes."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from patcher.errors import InputError
from patcher.series.anchor import Anchor
from patcher.series.compose import apply
from patcher.series.edits import EditSpec, StepEdits
from patcher.source.outline import Outline, shape

SOURCE = b"""\
#include <linux/mm.h>
#include <linux/slab.h>
#ifdef CONFIG_DEBUG
#include <linux/never.h>
#endif
#include "own.h"

/* Caf\xe9: what f is for */
int f(int a)
{
	int b = 1;  \t
	int c;

	/* once */
	if (a == 1) {
		a = 2;
		c = 3;
	}
	c = g(a,
		b); a++;

	if (a == b)
		return ~0;

	return c;
}
EXPORT_SYMBOL(f);

static int last;"""


def anchored(*specs: dict[str, Any], files: dict[str, bytes] | None = None) -> dict[str, bytes]:
    contents = files or {"a.c": SOURCE}
    made = tuple(EditSpec(why=f"reason {number}", **spec) for number, spec in enumerate(specs))
    edits = Anchor(contents).edits(StepEdits(made))
    return {**contents, **apply(contents, edits)}


def replaced(old: bytes, new: bytes) -> bytes:
    assert SOURCE.count(old) == 1
    return SOURCE.replace(old, new)


CASES: dict[str, tuple[dict[str, Any], bytes]] = {
    "before a function goes above its comment": (
        {"function": "f", "action": "before", "text": "int h;\n"},
        replaced(b"/* Caf\xe9", b"int h;\n\n/* Caf\xe9"),
    ),
    "after a function goes behind its export": (
        {"function": "f", "action": "after", "text": "int h;\n"},
        replaced(b"EXPORT_SYMBOL(f);\n", b"EXPORT_SYMBOL(f);\n\nint h;\n"),
    ),
    "a last line without newline": (
        {"variable": "last", "action": "after", "text": "int h;\n"},
        SOURCE + b"\nint h;\n",
    ),
    "before a statement goes above its comment, indented": (
        {"function": "f", "statement": "if (a == 1) ...", "action": "before", "text": "x();\nif (y)\n\tz();\n\n"},
        replaced(b"\t/* once */", b"\tx();\n\tif (y)\n\t\tz();\n\n\t/* once */"),
    ),
    "after a statement": (
        {"function": "f", "statement": "a = 2;", "action": "after", "text": "x();\n"},
        replaced(b"\t\ta = 2;\n", b"\t\ta = 2;\n\t\tx();\n"),
    ),
    "replace a row of statements": (
        {"function": "f", "statement": "a = 2; c = 3;", "action": "replace", "text": "x();\ny();\n"},
        replaced(b"\t\ta = 2;\n\t\tc = 3;\n", b"\t\tx();\n\t\ty();\n"),
    ),
    "delete whole lines": (
        {"function": "f", "statement": "a = 2;", "action": "delete"},
        replaced(b"\t\ta = 2;\n", b""),
    ),
    "delete leaves one empty line, not two": (
        {"function": "f", "statement": "if (a == b) ...", "action": "delete"},
        replaced(b"\tif (a == b)\n\t\treturn ~0;\n\n", b""),
    ),
    "a statement that shares its line": (
        {"function": "f", "statement": "a++;", "action": "replace", "text": "a--;\n"},
        replaced(b"a++;", b"a--;"),
    ),
    "after a statement that shares its line": (
        {"function": "f", "statement": "c = g(...);", "action": "after", "text": "x();\n"},
        replaced(b"b); a++;", b"b);\n\tx(); a++;"),
    ),
    "delete a statement with its comment": (
        {"function": "f", "statement": "if (a == 1) ...", "action": "delete", "comment": True},
        replaced(b"\t/* once */\n\tif (a == 1) {\n\t\ta = 2;\n\t\tc = 3;\n\t}\n", b""),
    ),
    "replace a statement with its comment": (
        {"function": "f", "statement": "if (a == 1) ...", "action": "replace", "comment": True, "text": "x();\ny();"},
        replaced(b"/* once */\n\tif (a == 1) {\n\t\ta = 2;\n\t\tc = 3;\n\t}\n", b"x();\n\ty();\n"),
    ),
    "an export goes directly behind its function": (
        {"function": "f", "action": "after", "text": "EXPORT_SYMBOL_GPL(f);"},
        replaced(b"EXPORT_SYMBOL(f);\n", b"EXPORT_SYMBOL(f);\nEXPORT_SYMBOL_GPL(f);\n"),
    ),
    "append": (
        {"function": "f", "statement": "if (a == 1) ...", "action": "append", "text": " else {\n\tx();\n}"},
        replaced(b"\t\tc = 3;\n\t}\n", b"\t\tc = 3;\n\t} else {\n\t\tx();\n\t}\n"),
    ),
    "code inside of a statement": (
        {"function": "f", "code": "a == b", "action": "replace", "text": "is(a,\n   b)\n"},
        replaced(b"a == b", b"is(a,\n\t   b)"),
    ),
    "an include of the same folder, outside of conditionals": (
        {"function": "f", "include": "<linux/new.h>"},
        replaced(b"#include <linux/slab.h>\n", b"#include <linux/slab.h>\n#include <linux/new.h>\n"),
    ),
    "an include that is there": ({"function": "f", "include": "<linux/mm.h>"}, SOURCE),
    "an include that is there in one configuration only": (
        {"function": "f", "include": "<linux/never.h>"},
        replaced(b"#include <linux/slab.h>\n", b"#include <linux/slab.h>\n#include <linux/never.h>\n"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_operations(name: str) -> None:
    spec, expected = CASES[name]
    assert anchored(spec)["a.c"] == expected


def test_a_whole_definition_goes_only_in_the_shape_it_was_known_in() -> None:
    with pytest.raises(InputError, match="is not the code that this was written against") as told:
        anchored({"function": "f", "action": "delete", "shape": ("000000000000",)})
    shape = re.search(r"its shape is (\w{12})", str(told.value))
    assert shape
    left = anchored({"function": "f", "action": "delete", "shape": ("000000000000", shape.group(1))})["a.c"]
    assert b"int f(int a)" not in left
    assert b"what f is for" not in left
    assert b"EXPORT_SYMBOL" not in left
    assert b"static int last;" in left


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"function": "missing", "action": "before", "text": "x"}, "one function missing expected, found 0"),
        (
            {"variable": "f", "action": "before", "text": "x"},
            r"one variable f expected, found 0: .*a\.c:9 \(function\)",
        ),
        (
            {"function": "f", "statement": "if (a == 3) ...", "action": "delete"},
            r"one place of `if \(a == 3\) ...` expected in f\(\), found 0: .*a\.c:15: if \(a == 1\)",
        ),
        (
            {"function": "f", "statement": "if (a == ...) ...", "action": "delete"},
            r"found 2: a\.c:15: if \(a == 1\) .*; a\.c:22: if \(a == b\)",
        ),
        ({"function": "f", "code": "a == 1", "action": "delete", "expect": 2}, "2 places of `a == 1` expected"),
    ],
)
def test_another_number_of_matches_is_told_with_candidates(spec: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        anchored(spec)


def test_the_same_function_twice() -> None:
    files = {"a.c": SOURCE, "b.c": b"\nint f(int a) { return 0; }\n"}
    with pytest.raises(InputError, match=r"found 2: a\.c:9 \(function\); b\.c:2 \(function\)"):
        anchored({"function": "f", "action": "before", "text": "x"}, files=files)


def test_of_several_files_the_one_of_the_shape() -> None:
    files = {"a.c": b"int v = 1;\n", "b.c": b"int v = 2;\n"}
    spec = {"variable": "v", "action": "replace", "text": "int v;"}
    with pytest.raises(InputError, match="one variable v expected, found 2"):
        anchored({**spec, "shape": ("000000000000",)}, files=files)
    of_b = shape(Outline(files["b.c"]).tokens)
    assert anchored({**spec, "shape": (of_b,)}, files=files) == {"a.c": b"int v = 1;\n", "b.c": b"int v;\n"}


def test_one_place_or_more() -> None:
    spec = {"function": "f", "code": "a == 1", "action": "replace", "text": "a", "every": True}
    assert anchored(spec)["a.c"] == replaced(b"a == 1", b"a")
    assert anchored({**spec, "code": "c"})["a.c"].count(b"a") > SOURCE.count(b"a") + 1
    with pytest.raises(InputError, match="one place of `nothing` expected"):
        anchored({**spec, "code": "nothing"})


def test_deletions_in_a_row_leave_one_empty_line() -> None:
    names = ("A", "B", "C")
    source = b"#define X 1\n\n#define A 1\n#define B 2\n#define C 3\n\nint y;\n"
    other = {(name, str(number)): "" for number, name in enumerate(names, 1)}
    specs = [
        EditSpec(why="goes", macro=name, action="delete", value=str(number)) for number, name in enumerate(names, 1)
    ]
    for count, left in ((3, b"#define X 1\n\nint y;\n"), (2, b"#define X 1\n\n#define C 3\n\nint y;\n")):
        edits = Anchor({"a.h": source}, other).edits(StepEdits(tuple(specs[:count])))
        assert apply({"a.h": source}, edits) == {"a.h": left}


def test_what_cannot_be_followed_is_told() -> None:
    with pytest.raises(InputError, match=r"a\.c:1 cannot be followed as C"):
        anchored({"function": "f", "action": "before", "text": "x"}, files={"a.c": b"int f(void) {"})


def test_edits_in_each_others_way() -> None:
    spec = {"function": "f", "code": "a == 1", "action": "replace", "text": "x"}
    with pytest.raises(InputError, match=r"in each other's way .*'reason 0' and 'reason 1'"):
        anchored(spec, {**spec, "text": "y"})
    with pytest.raises(InputError, match="in each other's way"):
        anchored(spec, {"function": "f", "statement": "if (a == 1) ...", "action": "delete"})


def test_the_order_of_operations_does_not_matter() -> None:
    names = [
        "before a function goes above its comment", "append", "code inside of a statement",
        "an include of the same folder, outside of conditionals",
    ]  # fmt: skip
    specs = [CASES[name][0] for name in names]
    specs.append({"function": "f", "include": "<linux/zoo.h>"})
    results = {anchored(*order)["a.c"] for order in itertools.permutations(specs)}
    assert len(results) == 1
    assert b"#include <linux/new.h>\n#include <linux/zoo.h>\n" in results.pop()
