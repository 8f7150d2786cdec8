"""Flags taken out of what sets them, and what goes with them."""

from __future__ import annotations

import re

import pytest

from patcher.series.compose import apply
from patcher.series.omit import omit
from patcher.source.outline import Outline

HEAD = "static int f(struct vm_area_struct *vma)\n{\n"


def omitted(body: str, flags: str = "IO|DONTDUMP") -> tuple[str, dict[int, str]]:
    """The body without these flags where they stand in a setting, and what was left."""
    text = f"{HEAD}{body}}}\n"
    code = re.sub(r"/\*.*?\*/", lambda match: " " * len(match.group()), text, flags=re.DOTALL)
    places = [match.start() for match in re.finditer(rf"\bVM_(?:{flags})\b", code)]
    found = omit("x.c", Outline(text.encode()), places, "why")
    new = apply({"x.c": text.encode()}, found.edits).get("x.c", text.encode()).decode()
    assert new.startswith(HEAD) and new.endswith("}\n")
    return new[len(HEAD) : -2], found.left


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("\tvma->vm_flags |= VM_IO | VM_RESERVED;\n", "\tvma->vm_flags |= VM_RESERVED;\n"),
        ("\tvma->vm_flags |= (VM_IO | VM_RESERVED);\n", "\tvma->vm_flags |= VM_RESERVED;\n"),
        ("\tvma->vm_flags |= (VM_A | VM_IO | VM_RESERVED);\n", "\tvma->vm_flags |= (VM_A | VM_RESERVED);\n"),
        ("\tvma->vm_flags |= (VM_IO | VM_DONTDUMP) | VM_A;\n", "\tvma->vm_flags |= VM_A;\n"),
        ("\tvma->vm_flags = vma->vm_flags | VM_IO | VM_A;\n", "\tvma->vm_flags = vma->vm_flags | VM_A;\n"),
        ("\tvm_flags_set(vma, VM_IO | VM_DONTCOPY);\n", "\tvm_flags_set(vma, VM_DONTCOPY);\n"),
        ("\tvm_flags_mod(vma, VM_IO | VM_A, VM_MAYREAD);\n", "\tvm_flags_mod(vma, VM_A, VM_MAYREAD);\n"),
        ("\tvm_flags_mod(vma, VM_IO, VM_MAYREAD);\n", "\tvm_flags_clear(vma, VM_MAYREAD);\n"),
        ("\tflags |= VM_IO | VM_DONTEXPAND;\n", "\tflags |= VM_DONTEXPAND;\n"),
        ("\tunsigned long flags = VM_IO | VM_A;\n\n\tg(flags);\n", "\tunsigned long flags = VM_A;\n\n\tg(flags);\n"),
        (
            "\tvm_flags_set(vma, VM_IO | VM_DONTCOPY | VM_DONTEXPAND |\n\t\t\tVM_DONTDUMP | VM_NORESERVE);\n",
            "\tvm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_NORESERVE);\n",
        ),
        (
            "\tvm_flags_set(vma, VM_IO | VM_DONTCOPY | VM_DONTEXPAND_AND_SOMETHING_MORE\n\t\t| VM_DONTDUMP"
            " | VM_NORESERVE | VM_LAST);\n",
            "\tvm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND_AND_SOMETHING_MORE\n\t\t| VM_NORESERVE | VM_LAST);\n",
        ),
    ],
)
def test_the_others_stay(body: str, expected: str) -> None:
    assert omitted(body) == (expected, {})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("\ta();\n\tvma->vm_flags |= VM_IO;\n\tb();\n", "\ta();\n\tb();\n"),
        ("\ta();\n\tvm_flags_set(vma, VM_IO | VM_DONTDUMP);\n\tb();\n", "\ta();\n\tb();\n"),
        ("\ta();\n\tvma->vm_flags = vma->vm_flags | VM_IO;\n\tb();\n", "\ta();\n\tb();\n"),
        ("\ta();\n\n\tvma->vm_flags |= VM_IO;\n\n\tb();\n", "\ta();\n\n\tb();\n"),
        ("\ta();\n\n\tvma->vm_flags |= VM_IO;\n}\n{\n", "\ta();\n}\n{\n"),
        ("\tvma->vm_flags |= VM_IO;\n\n\tb();\n", "\tb();\n"),
        ("\ta(); vma->vm_flags |= VM_IO; b();\n", "\ta(); b();\n"),
        ("\ta();\n\tvma->vm_flags |= VM_IO;\t/* not in core dumps */\n\tb();\n", "\ta();\n\tb();\n"),
        ("\ta();\n\tvma->vm_flags |= VM_IO;\n\tvma->vm_flags |= VM_DONTDUMP;\n\tb();\n", "\ta();\n\tb();\n"),
        ("\ta();\n\tif (vma->vm_pgoff)\n\t\tvma->vm_flags |= VM_IO;\n\tb();\n", "\ta();\n\tb();\n"),
        ("\ta();\n\tif (x) {\n\t\tvma->vm_flags |= VM_IO;\n\t}\n\tb();\n", "\ta();\n\tb();\n"),
        ("\tif (x) {\n\t\tvma->vm_flags |= VM_IO;\n\t\ta();\n\t}\n\tb();\n", "\tif (x)\n\t\ta();\n\tb();\n"),
        ("\tif (x) {\n\t\ta();\n\t\tvma->vm_flags |= VM_IO;\n\t}\n\tb();\n", "\tif (x)\n\t\ta();\n\tb();\n"),
        (
            "\tif (x) {\n\t\tvma->vm_flags |= VM_IO;\n\t\ta(1,\n\t\t  2);\n\t}\n\tb();\n",
            "\tif (x) {\n\t\ta(1,\n\t\t  2);\n\t}\n\tb();\n",
        ),
        (
            "\tif (x) {\n\t\tvma->vm_flags |= VM_IO;\n\t\t/* why */\n\t\ta();\n\t}\n",
            "\tif (x) {\n\t\t/* why */\n\t\ta();\n\t}\n",
        ),
        (
            "\tif (x) {\n\t\tvma->vm_flags |= VM_IO;\n\t\t/* why */\n\t\ta();\n\t} else {\n\t\tb();\n\t}\n",
            "\tif (x) {\n\t\t/* why */\n\t\ta();\n\t} else {\n\t\tb();\n\t}\n",
        ),
        ("\tif (x)\n\t\ta();\n\telse\n\t\tvma->vm_flags |= VM_IO;\n\tb();\n", "\tif (x)\n\t\ta();\n\tb();\n"),
        ("\ta();\n#ifdef X\n\tvma->vm_flags |= VM_IO;\n#endif\n\tb();\n", "\ta();\n\tb();\n"),
        (
            "#ifdef X\n\ta();\n#else\n\tvma->vm_flags |= VM_IO;\n#endif\n\tb();\n",
            "#ifdef X\n\ta();\n#endif\n\tb();\n",
        ),
        ("#ifdef X\n\tvma->vm_flags |= VM_IO;\n\ta();\n#endif\n\tb();\n", "#ifdef X\n\ta();\n#endif\n\tb();\n"),
    ],
)
def test_what_is_empty_goes(body: str, expected: str) -> None:
    assert omitted(body) == (expected, {})


@pytest.mark.parametrize(
    ("comment", "goes"),
    [
        ("\t/* VM_IO keeps it out of core dumps */\n", True),
        ("\t/*\n\t * Don't swap this out, nor dump it.\n\t */\n", True),
        ("\t/* VM_IO and VM_DONTCOPY, as it is a device */\n", False),
        ("\t/* map it uncached */\n", False),
        ("\t// not in core dumps\n", True),
        ("\t/* This is an IO map - tell maydump to skip this VMA */\n", True),
        ("\t/* not in core dumps */\n\n", False),
    ],
)
def test_a_comment_that_speaks_of_it_goes(comment: str, goes: bool) -> None:
    body = f"\ta();\n{comment}\tvma->vm_flags |= VM_IO;\n\tb();\n"
    expected = "\ta();\n\tb();\n" if goes else f"\ta();\n{comment}\tb();\n"
    assert omitted(body) == (expected, {})


def test_a_comment_above_nothing_else_goes() -> None:
    assert omitted("\ta();\n\n\t/* it is special */\n\tvma->vm_flags |= VM_IO;\n\n\tb();\n")[0] == "\ta();\n\n\tb();\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "\tunsigned long off = vma->vm_pgoff;\n\n\tif (off > 1)\n\t\tvma->vm_flags |= VM_IO;\n\tb();\n",
            "\tb();\n",
        ),
        (
            "\tunsigned long off, size = 1;\n\n\toff = vma->vm_pgoff << 1;\n\tif (off)\n\t\tvma->vm_flags |= VM_IO;\n"
            "\tb(size);\n",
            "\tunsigned long size = 1;\n\n\tb(size);\n",
        ),
        (
            "\tint off = 1, size;\n\n\tif (off)\n\t\tvma->vm_flags |= VM_IO;\n\tb(off, &size);\n",
            "\tint off = 1, size;\n\n\tb(off, &size);\n",
        ),
    ],
)
def test_a_variable_without_a_use_goes(body: str, expected: str) -> None:
    assert omitted(body) == (expected, {})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("\tif (g())\n\t\tvma->vm_flags |= VM_IO;\n\tb();\n", "without a statement"),
        ("\tif (x)\n\t\tvma->vm_flags |= VM_IO;\n\telse\n\t\ta();\n", "without a statement"),
        ("\tfor (;;)\n\t\tvma->vm_flags |= VM_IO;\n", "without a statement"),
        ("\tunsigned long flags = VM_IO;\n\n\tg(flags);\n", "no flag would be left"),
        ("\tvma->vm_flags = VM_IO;\n\tb();\n", "no flag would be left"),
        ("\tif ((vma->vm_flags |= VM_IO))\n\t\tb();\n", "in a condition"),
        ("\tvma->vm_flags |= x ? VM_IO : 0;\n\tb();\n", "not one of several"),
        ("\tg(VM_IO | VM_A);\n", "not one of several"),
        ("\tint n = g();\n\n\tif (n)\n\t\tvma->vm_flags |= VM_IO;\n\tb();\n", "left unused"),
        ("\tvma->vm_flags |= VM_IO;\n", "nothing would be left"),
    ],
)
def test_another_form_stays(body: str, why: str) -> None:
    text, left = omitted(body)
    assert text == body
    assert [why in said for said in left.values()] == [True]


def test_outside_of_functions_nothing_is_omitted() -> None:
    text = b"#define F (VM_IO | VM_A)\nstatic int flags = VM_IO | VM_A;\n"
    found = omit("x.c", Outline(text), [text.index(b"VM_IO"), text.rindex(b"VM_IO")], "why")
    assert found.edits == ()
    assert found.left == {1: "it stands in a macro", 2: "it stands in a variable"}


def test_a_comment_that_may_speak_of_it_is_told() -> None:
    body = "\ta();\n\n\t/* flags and protection of a device */\n%s\tvma->vm_page_prot = device;\n"
    text, left = omitted(body % "\tvma->vm_flags |= VM_IO;\n")
    assert text == body % ""
    assert left == {5: "this comment speaks of flags; look whether it still should"}
