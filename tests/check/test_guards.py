"""Which #if branches a change touches, and what compiles them."""

from __future__ import annotations

import pytest

from patcher.check.guards import branches, changes, compiled, evaluate

TEXT = """\
#ifndef _ASM_PAGE_H
#define _ASM_PAGE_H
#ifdef CONFIG_XEN
int xen;
# if defined(CONFIG_SMP) && \\
	!defined(CONFIG_64BIT)
int smp;
# endif
#else
int none;
#endif
int always;
#if PAGE_SIZE > 4096
int big;
#endif
int f(void) { return IS_ENABLED(CONFIG_PCI); }
#endif
"""


def told(*changed: int) -> list[str]:
    return [branch.text.partition("\n")[0] for branch in branches("a.h", TEXT, changed)]


def test_a_line_outside_of_all() -> None:
    assert told(12) == []
    assert told(14) == []  # nothing of Kconfig decides about it


def test_both_branches_around_a_line() -> None:
    assert told(4) == ["#ifdef CONFIG_XEN", "#else"]
    assert told(10) == ["#ifdef CONFIG_XEN", "#else"]


def test_a_branch_within_and_what_is_without_it() -> None:
    smp = "# if defined(CONFIG_SMP) && !defined(CONFIG_64BIT)"
    assert told(7) == [smp, f"without {smp}", "#ifdef CONFIG_XEN", "#else"]


def test_a_symbol_that_code_asks_for() -> None:
    (yes, no) = branches("a.h", TEXT, [16])
    assert (compiled(yes, {"PCI": "y"}), compiled(yes, {}), compiled(no, {})) == (True, False, True)


def test_what_compiles_a_branch() -> None:
    smp = branches("a.h", TEXT, [7])[0]
    assert compiled(smp, {"XEN": "y", "SMP": "y"})
    assert not compiled(smp, {"XEN": "y", "SMP": "y", "64BIT": "y"})
    assert changes(smp, {"XEN": "y"}, frozenset()) == (("SMP", "y"),)
    assert changes(smp, {"XEN": "y", "64BIT": "y"}, frozenset({"64BIT"})) is None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("defined(CONFIG_A)", True),
        ("defined CONFIG_B", False),
        ("defined(CONFIG_M)", False),
        ("IS_ENABLED(CONFIG_M)", True),
        ("defined(CONFIG_M_MODULE)", True),
        ("CONFIG_N > 3 && CONFIG_N <= 0x10", True),
        ("!(defined(CONFIG_A) || UNKNOWN)", False),
        ("UNKNOWN && defined(CONFIG_A)", None),
        ("GCC_VERSION(4, 5) || defined(CONFIG_B)", None),
        ("defined(__KERNEL__)", None),
        ("1", True),
        ("0", False),
        ("((", None),
        ("", None),
    ],
)
def test_expressions(expression: str, value: bool | None) -> None:
    assert evaluate(expression, {"A": "y", "M": "m", "N": "8"}) is value


@pytest.mark.parametrize(
    "expression",
    ["(" * 3000 + "1", "!" * 3000 + "1", "(" * 2000 + "defined(CONFIG_X)" + ")" * 2000, "9" * 5000, "0x" + "f" * 9000,
     "CONFIG_A || " * 2000 + "1", "defined(", "&& " * 3000],
)  # fmt: skip
def test_an_expression_of_any_size(expression: str) -> None:
    """The tree's headers may hold anything; what cannot be told is told so."""
    assert evaluate(expression, {"X": "y"}) in (True, None)
