"""Which objects a change of a Makefile is about."""

from __future__ import annotations

import pytest

from patcher.check.makefiles import objects

BEFORE = """# objects
obj-y := a.o b.o \\
\tc.o
obj-$(CONFIG_TWO)\t+= two.o
two-y := one.o more.o
two-$(CONFIG_X) += extra.o
"""


@pytest.mark.parametrize(
    ("old", "new", "about"),
    [
        ("", "obj-$(CONFIG_NEW) += new.o\n", {"new.o"}),
        ("", "obj-m += new.o sub/ below/other.o\n", {"new.o", "below/other.o"}),
        ("", "\n# only words\n", set()),
        ("c.o", "c.o d.o", {"d.o"}),
        ("b.o ", "", {"b.o"}),
        ("a.o b.o", "b.o a.o", set()),
        ("obj-$(CONFIG_TWO)", "obj-$(CONFIG_OTHER)", {"two.o", "one.o", "more.o", "extra.o"}),
        ("one.o more.o", "one.o", {"one.o", "more.o"}),
        ("", "CFLAGS_a.o := -O0\nKASAN_SANITIZE_sub/b.o := n\n", {"a.o", "sub/b.o"}),
        ("", "ccflags-y := -Dx\n", None),
        ("", "ifdef CONFIG_X\nobj-y += x.o\nendif\n", None),
        ("", "obj-y := only.o\n", None),
        ("obj-y :=", "obj-y +=", None),
        ("two.o\n", "two.o $(others)\n", None),
        ("", "include $(srctree)/other.mk\n", None),
        ("", "$(obj)/a.o: $(obj)/made.h\n", None),
        ("", "obj-y += $(patsubst %.c,%.o,$(wildcard *.c))\n", None),
    ],
)
def test_what_a_change_is_about(old: str, new: str, about: set[str] | None) -> None:
    after = BEFORE.replace(old, new, 1) if old else BEFORE + new
    assert objects(BEFORE, after) == about
    backwards = objects(after, BEFORE)
    assert backwards == about or (about and backwards and backwards >= about)
