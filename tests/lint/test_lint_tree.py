"""Checks on the tree after a series, on the miniature tree; libclang is asked where it can tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lint import everyrule

from patcher.cache import Cache
from patcher.lint.code import read
from patcher.lint.context import Context
from patcher.lint.model import Outcome
from patcher.lint.select import Settings
from patcher.lint.session import lint_patches
from patcher.tree import commits
from patcher.tree.find import find_repository
from patcher.tree.gittree import GitTree

Git = Callable[..., str]
RULES = [rule for rule in everyrule.RULES if rule.about == "tree"]
MMU = "arch/x86/xen/mmu.c"


@pytest.fixture
def lint(mini_repo: Path, git: Git, cache: Cache) -> Callable[..., Outcome]:
    """``lint({path: content or function of the content})``: what is found after such a commit."""

    def call(changes: dict[str, str | Callable[[str], str]]) -> Outcome:
        for path, change in changes.items():
            place = mini_repo / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(change if isinstance(change, str) else change(place.read_text()))
        git(mini_repo, "add", "-A", "-f")
        git(mini_repo, "commit", "-q", "-m", "x: Change it")
        repository = find_repository(mini_repo)
        assert repository
        found = [repository.resolve("HEAD")]
        context = Context(GitTree(repository, "HEAD^"), None, tip=GitTree(repository, "HEAD"))
        settings = Settings(strict=True, mailed=False)
        return lint_patches(commits.patches(repository, found), RULES, settings, context, cache)

    return call


def said(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(each.rule, each.level.value, each.path) for each in outcome.findings]


def without(name: str) -> Callable[[str], str]:
    """A file without the definition of a function."""

    def change(text: str) -> str:
        code = read(text.encode())
        function = next(each for each in code.functions if each.name == name and each.defined)
        start = code.text.rfind(b"\n\n", 0, function.start) + 1
        end = code.text.find(b"\n}\n", function.start) + 3
        return (text.encode()[:start] + text.encode()[end:]).decode()

    return change


def test_a_static_function_that_is_still_called(lint: Callable[..., Outcome]) -> None:
    outcome = lint({MMU: without("pte_mfn_to_pfn")})
    assert ("removed-used", "error", MMU) in said(outcome)


def test_every_use_of_what_is_removed_is_told(lint: Callable[..., Outcome]) -> None:
    """In each file, and each line of it."""
    call = "int patcher_{0}(void)\n{{\n\treturn patcher_gone();\n}}\n"
    users = {"drivers/xen/a.c": call.format("a") + call.format("b"), "drivers/xen/c.c": call.format("c")}
    lint({"drivers/xen/gone.c": "int x;\nint patcher_gone(void)\n{\n\treturn 1;\n}\n", **users})
    outcome = lint({"drivers/xen/gone.c": "int x;\n"})
    places = [(each.path, each.line) for each in outcome.findings if each.rule == "removed-used"]
    assert places == [("drivers/xen/a.c", 3), ("drivers/xen/a.c", 7), ("drivers/xen/c.c", 3)]


def test_an_unused_function_and_one_that_is_used(lint: Callable[..., Outcome]) -> None:
    more = "\nstatic int patcher_used(void)\n{\n\treturn 0;\n}\n\nint patcher_unused(void)\n{\n\treturn patcher_used();\n}\n"  # noqa: E501
    outcome = lint({MMU: lambda text: text + more})
    (finding,) = outcome.findings
    assert (finding.rule, "patcher_unused()" in finding.message) == ("added-unused", True)
    assert finding.excerpt == "int patcher_unused(void)"


def test_a_function_that_assembly_calls_is_used(lint: Callable[..., Outcome]) -> None:
    """What is named in a message only is not."""
    function = '\nint patcher_{0}(void)\n{{\n\tprintk("patcher_{0} is here\\n");\n\treturn 0;\n}}\n'
    asm = '__asm__ ("x:\\n\\tjsr patcher_{0}\\n"\n\t"\\tpatcher_{1}:" ::: "memory");\n'
    more = function.format("one") + function.format("two") + function.format("three") + asm.format("one", "two")
    outcome = lint({MMU: lambda text: text + more})
    assert [each.message for each in outcome.findings] == ["patcher_three() is added, and nothing uses it"]


def test_a_function_of_a_header_that_is_still_called(lint: Callable[..., Outcome]) -> None:
    """Another architecture may have one of the same name: that is another one, and its callers are."""
    one = "static inline int patcher_h(void)\n{\n\treturn 1;\n}\n"
    call = "int patcher_{0}(void)\n{{\n\treturn patcher_h();\n}}\n"
    lint(
        {
            "arch/x86/include/asm/h.h": f"int x;\n{one}", "arch/ia64/include/asm/h.h": f"int y;\n{one}",
            "arch/ia64/xen/user.c": call.format("ia64"), "drivers/xen/user.c": call.format("x86"),
        }
    )  # fmt: skip
    outcome = lint({"arch/x86/include/asm/h.h": "int x;\n"})
    assert said(outcome) == [("removed-used", "error", "drivers/xen/user.c")]
    assert "patcher_h() of arch/x86/include/asm/h.h is removed, and still called" in outcome.findings[0].message


def test_names_that_macros_make_are_left_alone(lint: Callable[..., Outcome]) -> None:
    more = "\nstatic int patcher_show(void)\n{\n\treturn 0;\n}\nDEVICE_ATTR_RO(patcher);\n"
    assert lint({MMU: lambda text: text + more}).findings == ()


def test_an_option_that_does_not_exist(lint: Callable[..., Outcome]) -> None:
    more = "\n#ifdef CONFIG_PATCHER_NO_SUCH\n#endif\n#ifdef CONFIG_XEN\n#endif\n/* CONFIG_IN_A_COMMENT */\n"
    outcome = lint({MMU: lambda text: text + more})
    assert [(each.rule, each.excerpt) for each in outcome.findings] == [
        ("config-unknown", "#ifdef CONFIG_PATCHER_NO_SUCH")
    ]


def test_an_option_and_its_module_are_one_finding(lint: Callable[..., Outcome]) -> None:
    text = "#if defined(CONFIG_NO_SUCH) || defined(CONFIG_NO_SUCH_MODULE) || defined(CONFIG_NOR_THIS_MODULE)\n#endif\n"
    outcome = lint({"arch/x86/xen/new.h": text})
    assert [each.message for each in outcome.findings] == [
        "no Kconfig file has NO_SUCH",
        "no Kconfig file has NOR_THIS_MODULE",
    ]


def test_a_prototype_in_one_place_only(lint: Callable[..., Outcome]) -> None:
    lint({"drivers/xen/p.h": "int patcher_p(int a);\n", "drivers/xen/p.c": "int patcher_p(int a)\n{\n\treturn a;\n}\n"})
    outcome = lint({"drivers/xen/p.c": "int patcher_p(int a, int b)\n{\n\treturn a;\n}\n"})
    assert said(outcome) == [("prototype-changed", "error", "drivers/xen/p.h")]


def test_a_prototype_in_the_header_only(lint: Callable[..., Outcome]) -> None:
    lint({"drivers/xen/p.h": "int patcher_p(void);\n", "drivers/xen/p.c": "int patcher_p(void)\n{\n\treturn 1;\n}\n"})
    outcome = lint({"drivers/xen/p.h": "int patcher_p(int why);\n"})
    assert said(outcome) == [("prototype-changed", "error", "drivers/xen/p.c")]


def test_moved_code_is_neither_removed_nor_added(lint: Callable[..., Outcome]) -> None:
    body = "int patcher_m(void)\n{\n\treturn 1;\n}\n"
    lint({"drivers/xen/m.c": body, "drivers/xen/n.c": "int x;\n"})
    assert lint({"drivers/xen/m.c": "int y;\n", "drivers/xen/n.c": f"int x;\n{body}"}).findings == ()


def test_what_cannot_be_told_is_skipped(lint: Callable[..., Outcome]) -> None:
    many = {f"drivers/xen/many/f{number}.c": "int x;\n" for number in range(401)}
    outcome = lint(many)
    assert {each.reason for each in outcome.skipped} == {"the series touches more than 400 files"}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("int f(void)\n{\n}\n", [("f", True, 0, False)]),
        ("static inline int f(int (*g)(int, int), char c)\n{\n}\n", [("f", True, 2, True)]),
        ("extern void f(int a, ...);\n", [("f", False, 2, False)]),
        ("unsigned long *\nf(int a)\n{\n}\n", [("f", True, 1, False)]),
        ("int x = f(1);\n", []),
        ("\treturn f(1);\n", []),
        ("/* int f(void) { */\n#define f(x) x\nFOO(f);\n", []),
        ("static int f(void) __attribute__((unused));\n", [("f", False, 0, True)]),
    ],
)
def test_reading_c_as_text(code: str, expected: list[tuple[str, bool, int, bool]]) -> None:
    assert [
        (each.name, each.defined, each.parameters, each.static) for each in read(code.encode()).functions
    ] == expected
