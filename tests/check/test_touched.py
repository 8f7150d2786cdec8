"""Which branches a change touches in code, Makefiles and Kconfig, and what it takes to have them."""

from __future__ import annotations

import pytest

from patcher.check.guards import changes, compiled
from patcher.check.touched import of_file

MAKEFILE = """\
obj-$(CONFIG_A) += a.o
ifdef CONFIG_B
ccflags-y += -DB
else ifeq ($(CONFIG_C),m)
ccflags-y += -DC
else
ccflags-y += -DD # text
endif
ifneq ($(CONFIG_E),)
obj-y += e.o
endif
ifeq ($(shell id),)
obj-y += f.o
endif
"""
KCONFIG = """\
config X
	bool "x"
	depends on A=y && \\
		(B != n || !C) && $(success,true)
	help
		depends on D
config Y
	tristate
"""
CODE = """\
#if defined(CONFIG_A) && !defined(CONFIG_B)
int a;
#elif IS_MODULE(CONFIG_C)
int c;
#else
int n;
#endif
int f(void) { return IS_ENABLED(CONFIG_D) + IS_REACHABLE(CONFIG_E); }
"""


def lines(path: str, text: str, *changed: int) -> list[str]:
    return [f"{each.line}-{each.last} {each.text}" for each in of_file(path, text, changed)]


def test_branches_of_code_have_their_lines() -> None:
    assert lines("a.c", CODE, 4) == [
        "1-2 #if defined(CONFIG_A) && !defined(CONFIG_B)", "3-4 #elif IS_MODULE(CONFIG_C)", "5-6 #else",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "config", "wanted"),
    [
        (0, {}, {"A": "y"}),
        (0, {"A": "y", "B": "y"}, {"B": "n"}),
        (1, {"A": "y"}, {"A": "n", "C": "m"}),
        (1, {"C": "y"}, {"C": "m"}),
        (2, {"C": "m"}, {"C": "n"}),
    ],
)
def test_what_it_takes(number: int, config: dict[str, str], wanted: dict[str, str]) -> None:
    branch = list(of_file("a.c", CODE, [2]))[number]
    assert dict(changes(branch, config, frozenset()) or ()) == wanted


def test_a_module_is_enabled() -> None:
    on, off, reachable, not_reachable = of_file("a.c", CODE, [8])
    assert [compiled(each, {"D": "m"}) for each in (on, off)] == [True, False]
    assert [compiled(each, {}) for each in (reachable, not_reachable)] == [False, True]


@pytest.mark.parametrize(
    ("line", "config", "wanted"),
    [
        (1, {"A": "m"}, [True]),
        (1, {}, [False]),
        (3, {"B": "y"}, [True, False, False]),
        (3, {"C": "m"}, [False, True, False]),
        (7, {"C": "y"}, [False, False, True]),
        (10, {"E": "m"}, [True, False]),
        (13, {}, []),  # no symbol decides
    ],
)
def test_branches_of_makefiles(line: int, config: dict[str, str], wanted: list[bool]) -> None:
    found = list(of_file("mm/Makefile", MAKEFILE, [line]))
    assert [compiled(each, config) for each in found] == wanted


def test_sides_of_a_dependency() -> None:
    on, off = of_file("mm/Kconfig", KCONFIG, [4])
    assert (on.line, on.last) == (3, 4)
    assert [compiled(on, config) for config in ({"X": "y"}, {"A": "y"})] == [True, False]
    assert compiled(off, {"A": "m"})
    assert compiled(off, {"A": "y", "C": "y"})
    assert compiled(off, {"A": "y", "B": "y"})  # what $(success,…) says nobody knows
    assert lines("mm/Kconfig", KCONFIG, 6) == []  # help
    assert lines("mm/Kconfig", KCONFIG, 7) == ["7-7 config Y"]
