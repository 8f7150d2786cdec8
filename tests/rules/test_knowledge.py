"""Helpers, foreign mappers, and what frames are made of: seen in the code, not in names."""

from __future__ import annotations

import pytest

from patcher.rules.knowledge import Knowledge, Topic
from patcher.rules.model import Subject
from patcher.source.snippet import snippet_facts

FLAG = "#define FLAG 4UL\n"
SUBJECT = Subject("flag", ("FLAG",), helpers=True)


def know(code: str) -> Knowledge:
    facts = snippet_facts("a.c", code)
    assert not facts.diagnostics
    return Knowledge([facts], frozenset({use.symbol for use in facts.uses}))


def topic(code: str) -> Topic:
    return Topic(SUBJECT, ("FLAG",), know(FLAG + code))


PREDICATE = "static int has(unsigned long v)\n{\n\treturn (v & FLAG) != 0;\n}\n"


def test_a_predicate_is_a_helper() -> None:
    assert set(topic(PREDICATE + "int f(unsigned long v)\n{\n\treturn has(v);\n}\n").helpers) == {"has"}


def test_a_public_predicate_is_not() -> None:
    assert not topic(PREDICATE.replace("static ", "")).helpers


def test_what_is_called_only_under_a_test_is_a_helper() -> None:
    code = "static void go(void)\n{\n}\nvoid f(unsigned long v)\n{\n\tif (v & FLAG)\n\t\tgo();\n}\n"
    assert set(topic(code).helpers) == {"go"}


@pytest.mark.parametrize(
    "other",
    [
        "void g(void)\n{\n\tgo();\n}\n",
        "void g(unsigned long v)\n{\n\tif (v & FLAG)\n\t\treturn;\n\telse\n\t\tgo();\n}\n",
        "void (*pointer)(void) = go;\n",
    ],
)
def test_another_use_saves_it(other: str) -> None:
    code = "static void go(void)\n{\n}\nvoid f(unsigned long v)\n{\n\tif (v & FLAG)\n\t\tgo();\n}\n"
    assert not topic(code + other).helpers


def test_what_only_helpers_call_goes_with_them() -> None:
    code = "void far(void)\n{\n}\nstatic void go(void)\n{\n\tfar();\n}\n"
    code += "void f(unsigned long v)\n{\n\tif (v & FLAG)\n\t\tgo();\n}\n"
    found = topic(code)
    assert set(found.orphans) == {"far"}
    assert "go" in found.orphans["far"]


def test_origins_follow_variables() -> None:
    body = "unsigned long a = base(), b;\n\tb = a + 1;\n\tb += n;\n\treturn b;"
    known = know(f"unsigned long base(void);\nunsigned long f(int n)\n{{\n\t{body}\n}}\n")
    assert set(known.origins("a.c", "f", "b >> 12")) == {"b >> 12", "a + 1", "n", "base()"}


def test_origins_of_a_loop_end() -> None:
    known = know("int f(int a)\n{\n\tint b = a;\n\ta = b;\n\tb = a;\n\treturn b;\n}\n")
    assert set(known.origins("a.c", "f", "b")) == {"a", "b"}


@pytest.mark.parametrize(
    ("params", "body", "foreign"),
    [
        ("unsigned long mfn, unsigned domid", "return HYPERVISOR_mmu_update(mfn, domid);", True),
        ("unsigned long gfn, unsigned domid", "return inner(gfn, domid);", True),
        ("unsigned long mfn", "return HYPERVISOR_mmu_update(mfn, 0);", False),
        ("unsigned long mfn, unsigned domid", "return mfn + domid;", False),
        ("void *ptep, unsigned domid", "return HYPERVISOR_mmu_update(0, domid);", False),
    ],
)
def test_foreign_mappers(params: str, body: str, foreign: bool) -> None:
    inner = "int HYPERVISOR_mmu_update(unsigned long mfn, unsigned domid);\n"
    inner += "static int inner(unsigned long mfn, unsigned id)\n{\n\treturn HYPERVISOR_mmu_update(mfn, id);\n}\n"
    known = know(f"{inner}int map({params})\n{{\n\t{body}\n}}\n")
    assert (("a.c", "map") in known.foreign_mappers) == foreign
