"""The patches of a series in memory, and the forms that a function may have."""

from __future__ import annotations

import msgspec
import pytest
from heldfiles import HeldFiles

from patcher.errors import InputError
from patcher.series.anchor import Anchor
from patcher.series.compose import apply
from patcher.series.edits import EditSpec, FormSpec, StepEdits
from patcher.series.load import SeriesSpec, StepSpec, load
from patcher.series.patches import make_patches, targets

SHORT = b"int f(int a)\n{\n\treturn a;\n}\n"
LONG = b"int f(int a)\n{\n\tif (a < 0)\n\t\treturn -1;\n\t/* sum */\n\treturn a;\n}\n"
EDIT = EditSpec(why="more", function="f", code="return a", action="replace", text="return a + 1")
FORMS = (
    FormSpec("f", "return a;", (EDIT,)),
    FormSpec("f", "if (a < 0) return -1; return a;", (msgspec.structs.replace(EDIT, text="return a + 2"),)),
)


def formed(content: bytes, *forms: FormSpec) -> bytes:
    edits = Anchor({"a.c": content}).edits(StepEdits((), forms or FORMS))
    return apply({"a.c": content}, edits).get("a.c", content)


def test_the_form_of_a_function_decides_what_is_edited() -> None:
    assert formed(SHORT) == SHORT.replace(b"return a;", b"return a + 1;")
    assert formed(LONG) == LONG.replace(b"return a;", b"return a + 2;")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (LONG.replace(b"return -1", b"return -2"), r"a\.c:1: f\(\) has none of the 2 .* a\.c:4 has `2 ; return a ;`"),
        (SHORT.replace(b"return a;", b"g(a);\n\treturn a;"), r"a\.c:3 has `g \( a \) ; return a ;`, not"),
        (SHORT.replace(b"\treturn a;\n", b""), r"none of the 2 forms"),
        (SHORT.replace(b"int f", b"int g"), "one function f expected, found 0"),
    ],
)  # fmt: skip
def test_a_form_that_is_not_known_is_told_with_what_is_there(content: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        formed(content)


def test_two_forms_that_fit_are_a_fault_of_the_series() -> None:
    with pytest.raises(InputError, match=r"f\(\) has 2 of the forms"):
        formed(SHORT, *FORMS, FormSpec("f", "... return a;", (EDIT,)))


def step(slug: str, *edits: EditSpec) -> StepSpec:
    return StepSpec(slug, (), (), edits=StepEdits(edits))


def test_steps_stand_on_those_before_and_go_on_without_one_that_is_refused() -> None:
    steps = (
        step("first", msgspec.structs.replace(EDIT, text="return a + 1 + b")),
        step("second", EditSpec(why="after", function="f", code="a + 1", action="replace", text="a + 7")),
        step("lost", EditSpec(why="none", function="gone", action="before", text="int x;")),
        step("third", EditSpec(why="last", function="f", code="+ b", action="delete")),
        step("same", EditSpec(why="idle", function="f", code="a", action="replace", text="a")),
        step("left out", EDIT),
    )
    spec = SeriesSpec(step=steps)
    asked = {"first", "second", "lost", "third", "same"}
    assert targets(spec, asked) == ("f", "gone")
    found = make_patches(spec, asked, HeldFiles({"a.c": SHORT}), {})
    assert [patch.step.slug for patch in found.made] == ["first", "second", "third"]
    assert found.made[-1].changes == {"a.c": SHORT.replace(b"return a", b"return a + 7 ")}
    assert found.refused["lost"].startswith("edit 'none': one function gone expected, found 0")
    assert found.refused["same"].startswith("tried without lost: its edits change nothing")


def test_a_form_without_edits_leaves_the_function() -> None:
    assert formed(SHORT, FormSpec("f", "return a;"), FORMS[1]) == SHORT
    assert formed(LONG, FormSpec("f", "return a;"), FORMS[1]) == LONG.replace(b"return a;", b"return a + 2;")


def test_the_shipped_forms_exclude_one_another() -> None:
    """Whatever a tree has, at most one of them is it."""
    for step in load("identity").step:
        for forms in step.edits.by_function():
            for form in forms:
                body = form.body.replace("...", "other();")
                content = f"static inline unsigned long {form.function}(unsigned long mfn)\n{{\n{body}}}\n".encode()
                assert (formed(content, *forms) == content) == (not form.edit)
