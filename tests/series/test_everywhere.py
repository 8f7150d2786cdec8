"""Edits without a name: wherever a pattern is found, or a rule has found something."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from heldfiles import HeldFiles

from patcher.errors import InputError
from patcher.series.edits import EditSpec, StepEdits, load_edits
from patcher.series.load import SeriesSpec, StepSpec
from patcher.series.patches import Patches, make_patches

C = b"""\
#include <linux/mm.h>

#define SET(v) do {			\\
	old((v)->a, 1);			\\
} while (0)

static int table[] = { old(0, 1), 2 };

int one(struct s *p)
{
	/* a remark */
	p->flags |= A | B;
	if (old(p->a, 2) == 3)
		p->flags |= A;
	return old(old(1, 2), 3);
}
"""
OLD = EditSpec(why="new", over=("drivers",), code="old($a, $b)", action="replace", text="new($b, $a)")


def made(*edits: EditSpec, content: bytes = C, places: tuple[tuple[str, int], ...] = ()) -> Patches:
    spec = SeriesSpec(step=(StepSpec("s", edits=StepEdits(edits)),))
    return make_patches(spec, {"s"}, HeldFiles({"drivers/a.c": content, "mm/b.c": C}, {"rule": places}), {})


def changed(*edits: EditSpec, content: bytes = C, places: tuple[tuple[str, int], ...] = ()) -> bytes:
    found = made(*edits, content=content, places=places)
    assert not found.refused
    return found.made[0].changes["drivers/a.c"]


def test_a_pattern_is_found_in_functions_initialisers_and_macros() -> None:
    found = made(OLD)
    assert set(found.made[0].changes) == {"drivers/a.c"}
    assert found.made[0].changes["drivers/a.c"] == (
        C.replace(b"old((v)->a, 1)", b"new(1, (v)->a)").replace(b"old(0, 1)", b"new(1, 0)")
        .replace(b"old(p->a, 2)", b"new(2, p->a)").replace(b"old(old(1, 2), 3)", b"new(3, old(1, 2))")
    )  # fmt: skip
    assert found.made[0].lines == (("drivers/a.c", 4), ("drivers/a.c", 7), ("drivers/a.c", 13), ("drivers/a.c", 15))


def test_statements_go_with_their_lines_and_carry_parts_over() -> None:
    gone = EditSpec(why="gone", over=("drivers",), statement="$p->flags |= $f;", action="delete")
    assert b"|=" not in changed(gone, content=C.replace(b"\tif (old(p->a, 2) == 3)\n\t\tp->flags |= A;\n", b""))
    more = EditSpec(why="more", over=("drivers",), statement="$p->flags |= $f;", action="replace", text="set($p, $f);")
    assert changed(more).count(b"set(p, A | B);") == 1
    assert b"\tif (old(p->a, 2) == 3)\n\t\tset(p, A);\n" in changed(more)


def test_for_each_finding_the_smallest_match_around_is_taken() -> None:
    spec = EditSpec(why="each", for_each="rule", code="old($a, $b)", action="replace", text="new($a)")
    inner = C.index(b"old(1, 2)")
    assert changed(spec, places=(("drivers/a.c", inner + 4),)) == C.replace(b"old(1, 2)", b"new(1)")
    outer = C.index(b"old(old(") + 1
    assert changed(spec, places=(("drivers/a.c", outer),)) == C.replace(b"old(old(1, 2), 3)", b"new(old(1, 2))")


def test_findings_move_with_the_steps_before() -> None:
    spec = EditSpec(why="each", for_each="rule", code="old($a, $b)", action="replace", text="new($a)")
    first = EditSpec(why="longer", over=("drivers",), code="p->flags |= A | B;", action="replace", text="set_flags(p);")
    steps = (StepSpec("one", edits=StepEdits((first,))), StepSpec("two", edits=StepEdits((spec,))))
    places = {"rule": (("drivers/a.c", C.index(b"old(p->a")),)}
    found = make_patches(SeriesSpec(step=steps), {"one", "two"}, HeldFiles({"drivers/a.c": C}, places), {})
    assert b"if (new(p->a) == 3)" in found.made[1].changes["drivers/a.c"]


def test_what_is_nowhere_is_there_already_but_a_finding_needs_its_match() -> None:
    assert made(OLD, content=b"int x;\n").idle == {"s": "its edits find nothing to change in 2 files"}
    spec = EditSpec(why="each", for_each="rule", statement="never($a);", action="delete")
    found = made(spec, places=(("drivers/a.c", C.index(b"A | B")),))
    told = "edit 'each': drivers/a.c:12: rule rule found `p->flags |= A | B;`, and no `never($a);` is around it"
    assert found.refused["s"].startswith(told)
    assert not made(msgspec.structs.replace(OLD, expect=4)).refused
    assert "7 places expected, found 4" in made(msgspec.structs.replace(OLD, expect=7)).refused["s"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('over = ["x"]\ncode = "$a == 0"\naction = "delete"', "code begins and ends with a token"),
        ('over = ["x"]\nstatement = "$a;"\naction = "delete"', "no word of its own"),
        ('over = ["x"]\ncode = "f($a)"\naction = "replace"\ntext = "g($b)"', r"the pattern has no \$b"),
        ('over = ["x"]\nfunction = "f"\ncode = "g()"\naction = "delete"', "with no name"),
        ('over = ["x"]\nfor-each = "r"\ncode = "g()"\naction = "delete"', "one of the two"),
        ('for-each = "r"\naction = "delete"', "need a statement or code"),
        ('over = ["x"]\nstatement = "f($a"\naction = "delete"', "do not pair"),
    ],
)
def test_what_cannot_be_meant_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "edits.toml").write_text(f'[[edit]]\nwhy = "w"\n{text}\n')
    with pytest.raises(InputError, match=rf"edits\.toml: edit 1 \(w\): .*{told}"):
        load_edits(tmp_path)
