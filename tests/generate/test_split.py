"""One change as patches, each with a message of its own."""

from __future__ import annotations

import pytest

from patcher.errors import InputError
from patcher.generate.split import check, parts
from patcher.model import Edit, Finding, Span, Verdict
from patcher.template import in_words
from patcher.tree.groups import Group

ONE = b"int a;\n\nstatic int one_mmap(void)\n{\n\treturn VM_IO;\n}\n\nint two_mmap(void)\n{\n\treturn VM_IO;\n}\n"
BEFORE = {"drivers/x/one.c": ONE, "drivers/x/two.h": b"#define X VM_IO\n", "drivers/y/y.c": b"{{{ VM_IO"}
TITLE = "{prefix} do not set VM_IO, remap_pfn_range() does"
MESSAGE = """{functions} of {driver} {nfunctions:sets|set} VM_IO in {places:a place|{places} places}.

 - {files}
"""


def edits(path: str) -> list[Edit]:
    text, found, at = BEFORE[path], [], 0
    while (at := text.find(b"VM_IO", at)) >= 0:
        found.append(Edit(Span(path, at, at + 5), b"0", "x"))
        at += 1
    return found


GROUPS = (
    Group(("drivers/x/one.c", "drivers/x/two.h"), "x", "fbdev: x:", "X", "t"),
    Group(("drivers/y/y.c",), "y", "y:", "", "t"),
    Group(("drivers/z/z.c",), "z", "z:", "", "t"),
)


def test_messages_speak_of_what_is_changed() -> None:
    all_edits = [edit for path in BEFORE for edit in edits(path)]
    changes = {path: text.replace(b"VM_IO", b"0") for path, text in BEFORE.items()}
    first, second = parts(all_edits, changes, BEFORE, GROUPS, TITLE, MESSAGE)
    assert first.title == "fbdev: x: do not set VM_IO, remap_pfn_range() does"
    assert first.message == "one_mmap() and two_mmap() of x set VM_IO in 3 places.\n\n - one.c and two.h\n"
    assert first.changes.keys() == {"drivers/x/one.c", "drivers/x/two.h"}
    assert len(first.edits) == 3
    assert second.message == "y.c of y sets VM_IO in a place.\n\n - y.c\n"


def test_paragraphs_are_broken_anew() -> None:
    text = "{functions} and some more words that fill a line of a commit message up to\nits end, and {driver}.\n"
    (made, *_) = parts(edits("drivers/x/one.c"), {"drivers/x/one.c": b""}, BEFORE, GROUPS, "{prefix} x", text)
    assert all(len(line) <= 72 for line in made.message.splitlines())
    tags = "Fixes: {driver}\nLink: {driver}\n"
    (made, *_) = parts(edits("drivers/x/one.c"), {"drivers/x/one.c": b""}, BEFORE, GROUPS, "{prefix} x", tags)
    assert made.message == "Fixes: x\nLink: x\n"


def test_an_include_is_no_place() -> None:
    path = "drivers/x/two.h"
    more = Edit(Span(path, 0, 0), b"#include <linux/mm.h>\n", "x")
    (made,) = parts([more, *edits(path)], {path: b""}, BEFORE, GROUPS[:1], "{prefix} x", "{places:one|many}\n")
    assert made.message == "one\n"


def test_a_message_has_the_evidence_of_plan() -> None:
    path = "drivers/x/one.c"
    found = [
        Finding("r", verdict, path, line, 1, "f", "VM_IO", "s", why, ("a.h:1: #define A", "b.h:2: B"), "0")
        for verdict, line, why in (
            (Verdict.REDUNDANT, 5, "remap_pfn_range() sets it"),
            (Verdict.REQUIRED, 10, "nobody else sets it"),
            (Verdict.REDUNDANT, 1, "it is on another line"),
        )
    ]
    text = "Why: {why}\n\n{evidence}\n"
    (made,) = parts(edits(path), {path: b""}, BEFORE, GROUPS[:1], "{prefix} x", text, found)
    assert made.message == "Why: remap_pfn_range() sets it.\n\n  a.h:1: #define A\n  b.h:2: B\n"
    (made,) = parts(edits(path), {path: b""}, BEFORE, GROUPS[:1], "{prefix} x", "Text.\n\n{evidence}\n")
    assert made.message == "Text.\n"


@pytest.mark.parametrize("text", ["{other}", "{", "{prefix:a}", "{places:a|b|c}", "{places:a|{other}}", "{prefix!r}"])
def test_templates_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match=r"message\.txt: "):
        check("x", text, "message.txt")
    check(TITLE, MESSAGE, "message.txt")


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, ""), (1, "a0"), (2, "a0 and a1"), (3, "a0, a1 and a2"), (8, "a0, a1, a2, a3, a4 and 3 others")],
)
def test_rows_of_names(count: int, expected: str) -> None:
    assert in_words([f"a{number}" for number in range(count)]) == expected
