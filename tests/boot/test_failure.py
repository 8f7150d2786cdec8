"""What a failed build said is cut to its first complaint and what follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher.boot.failure import failure

PLACES = (Path("/src/tree"), Path("/src/build/0"))


@pytest.mark.parametrize(
    ("output", "what", "first"),
    [
        (
            "  CC      mm/a.o\n/src/tree/mm/a.c: In 'f':\n/src/tree/mm/a.c:3:2: error: 'x' undeclared\n   3 | x;\n"
            "make[2]: *** [mm/a.o] Error 1\n",
            "mm/a.c:3:2: error: 'x' undeclared",
            "  CC      mm/a.o",
        ),
        (
            "  LD      vmlinux\n/usr/bin/ld: mm/built-in.o: in function `f':\n(.text+0x3): undefined reference to `g'\n"
            "make: *** [vmlinux] Error 1\n",
            "(.text+0x3): undefined reference to `g'",
            "  LD      vmlinux",
        ),
        ("a\nb\nc\nmake[1]: *** No rule to make target '/src/build/0/x.o'.  Stop.\nmake: *** [all] Error 2\n",
         "make[1]: *** No rule to make target 'x.o'.  Stop.", "b"),
        ("make[1]: *** [Makefile:5: vmlinux] Error 1\nsh: 1: bison: not found\n", "sh: 1: bison: not found",
         "make[1]: *** [Makefile:5: vmlinux] Error 1"),
        ("so far\nso good\n", "so good", "so far"),
        ("", "make said nothing", "make said nothing"),
    ],
)  # fmt: skip
def test_the_first_complaint(output: str, what: str, first: str) -> None:
    error = failure(output, PLACES)
    assert (error.what, str(error), error.lines[0]) == (what, what, first)


def test_a_reason_that_is_known() -> None:
    error = failure("  CC      mm/a.o\n", PLACES, "the build was ended: it took longer than 1800 s")
    assert error.what == "the build was ended: it took longer than 1800 s"
    assert error.lines == ("  CC      mm/a.o",)


def test_an_endless_output_is_cut() -> None:
    error = failure("error: x" + "y" * 10**6 + "\n" + "z" * 10**6 + "\n" * 5 + "a\n" * 10**5, PLACES)
    assert len(error.what) <= 300
    assert len(error.lines) <= 30
    assert max(map(len, error.lines)) <= 500
