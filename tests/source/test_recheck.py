"""What libclang says of the states of a series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from patcher.cache import Cache
from patcher.errors import InputError
from patcher.source.read import include_graph
from patcher.source.recheck import State, _parse, _stable, news
from patcher.tree import kconfig, profile
from patcher.tree.config import Config, from_profile
from patcher.tree.directory import DirectoryTree
from patcher.tree.find import open_tree
from patcher.tree.kernel import KernelTree

SETUP, PAGE = "arch/x86/xen/setup.c", "arch/x86/include/asm/xen/page.h"


@pytest.fixture
def tree(mini_original: Path) -> KernelTree:
    return open_tree(mini_original, None)


def configs(tree: KernelTree, *names: str) -> list[Config]:
    symbols = kconfig.read(tree)
    return [from_profile(tree, profile.load(name), symbols) for name in names]


def with_line(tree: KernelTree, path: str, line: str) -> dict[str, bytes]:
    return {path: tree.read([path])[path] + f"{line}\n".encode()}


def test_nothing_new_in_a_line_that_moved(tree: KernelTree, cache: Cache) -> None:
    text = tree.read([SETUP])[SETUP]
    states = [{SETUP: b"/* above */\n\n" + text}, {SETUP: text}]
    assert news(tree, configs(tree, "x86_64-xen-dom0"), [SETUP], states, cache) == []


def test_the_state_that_brings_it_is_told(tree: KernelTree, cache: Cache) -> None:
    fault = with_line(tree, SETUP, "static int unused(void) { return 0; }")
    states = [with_line(tree, SETUP, "int fine;"), fault, fault]
    found = news(tree, configs(tree, "x86_64-xen-dom0"), [SETUP], states, cache)
    assert [(one.state, one.unit, one.diagnostic.severity) for one in found] == [(1, SETUP, "warning")]
    assert found[0].diagnostic.message == "unused function 'unused'"


def test_one_configuration_alone(tree: KernelTree, cache: Cache) -> None:
    states = [with_line(tree, SETUP, "#ifdef CONFIG_X86_32\nint x = nowhere;\n#endif")]
    found = news(tree, configs(tree, "x86_64-xen-dom0", "i386-xen-domu"), [SETUP], states, cache)
    assert [one.config for one in found] == ["i386-xen-domu"]


def test_a_header_is_read_with_the_bodies_in_it(tree: KernelTree, cache: Cache) -> None:
    text = tree.read([PAGE])[PAGE]
    at = text.rindex(b"#endif")
    states = [{PAGE: text[:at] + b"static inline int f(void) { return nowhere; }\n" + text[at:]}]
    found = news(tree, configs(tree, "x86_64-xen-dom0"), [SETUP], states, cache)
    assert {(one.unit, one.diagnostic.path) for one in found} == {(SETUP, PAGE)}


def test_what_is_stable_at_the_beginning(tree: KernelTree, cache: Cache) -> None:
    config = configs(tree, "x86_64-xen-dom0")[0]
    includes = include_graph(tree, config, [SETUP], cache)
    text = tree.read([SETUP])[SETUP]
    stable = text[: _stable(text, SETUP, includes, frozenset([PAGE]), {})]
    assert stable.endswith(b"#include <xen/xen.h>\n")
    assert text[len(stable) :].startswith(b"#include <xen/page.h>")
    assert _stable(text, SETUP, includes, frozenset(["include/linux/mm.h"]), {}) == 0
    assert _stable(b"int x;\n" + text, SETUP, includes, frozenset([PAGE]), {}) == 0
    assert (
        text[_stable(text, SETUP, includes, frozenset(), {}) :].lstrip().startswith((b"/*", b"int", b"static", b"ext"))
    )


def test_what_was_heard_is_remembered(tree: KernelTree, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    states = [with_line(tree, SETUP, "int x = nowhere;")]
    wanted = configs(tree, "x86_64-xen-dom0")
    first = news(tree, wanted, [SETUP], states, cache)
    monkeypatch.setattr("patcher.source.recheck._parse", lambda *_: pytest.fail("parsed again"))
    assert news(tree, wanted, [SETUP], states, cache) == first != []


def test_only_what_follows_a_change_is_parsed_again(
    tree: KernelTree, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    fine, more = with_line(tree, SETUP, "int fine;"), with_line(tree, SETUP, "int more;")
    wanted = configs(tree, "x86_64-xen-dom0")
    assert news(tree, wanted, [SETUP], [fine, more], cache) == []
    asked: list[int] = []

    def parse(tree: KernelTree, jobs: Sequence[tuple[object, Mapping[str, State]]], *others: Any) -> Iterator[Any]:
        asked.extend(len(new) for _, new in jobs)
        return _parse(tree, jobs, *others)  # type: ignore[arg-type]

    monkeypatch.setattr("patcher.source.recheck._parse", parse)
    found = news(tree, wanted, [SETUP], [fine, with_line(tree, SETUP, "int x = nowhere;"), more], cache)
    assert [(one.state, one.diagnostic.severity) for one in found] == [(1, "error")]
    assert asked == [1]


def test_a_tree_without_a_key(mini: Path, cache: Cache) -> None:
    tree = DirectoryTree(mini)
    states = [with_line(tree, SETUP, "int x = nowhere;")]
    assert len(news(tree, configs(tree, "x86_64-xen-dom0"), [SETUP], states, cache)) == 1


def test_a_file_that_includes_what_is_not_of_the_tree_is_not_parsed(tree: KernelTree, cache: Cache) -> None:
    states = [with_line(tree, SETUP, '#include "/etc/hostname"')]
    with pytest.raises(InputError, match="outside of the tree"):
        news(tree, configs(tree, "x86_64-xen-dom0"), [SETUP], states, cache)
