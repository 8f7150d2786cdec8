from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.model import FileFacts
from patcher.source import parallel, walk, workers
from patcher.source.read import include_graph, read_units
from patcher.source.unit import Batch, Unit
from patcher.tree import kconfig, profile
from patcher.tree.config import from_profile
from patcher.tree.find import open_tree
from patcher.tree.kernel import KernelTree

MMU, GRANTS = "arch/x86/xen/mmu.c", "arch/x86/xen/grant-table.c"
HEADER = "arch/x86/xen/mmu.h"
REAL_READ = walk.read


def batch(tree: KernelTree, cache: Cache, *units: Unit, name: str = "x86_64-xen-dom0") -> Batch:
    config = from_profile(tree, profile.load(name), kconfig.read(tree))
    return Batch(config, units, include_graph(tree, config, [unit.main for unit in units], cache))


def facts_of(tree: KernelTree, cache: Cache, *paths: str) -> dict[str, FileFacts]:
    found = read_units(tree, [batch(tree, cache, *map(Unit, paths))], cache)
    return {one.path: one for one in found}


@pytest.fixture
def tree(mini_original: Path) -> KernelTree:
    return open_tree(mini_original, None)


@pytest.mark.parametrize("name", profile.names())
def test_the_miniature_has_no_errors(tree: KernelTree, cache: Cache, name: str) -> None:
    units = tuple(
        Unit(path) for path in sorted(tree.paths()) if path.startswith("arch/x86/xen/") and path.endswith(".c")
    )
    found = read_units(tree, [batch(tree, cache, *units, name=name)], cache)
    assert {one.path: one.diagnostics for one in found} == {unit.main: () for unit in units}


def test_units_come_in_order_with_their_headers(tree: KernelTree, cache: Cache) -> None:
    found = read_units(tree, [batch(tree, cache, Unit(MMU, (HEADER,)), Unit(GRANTS))], cache)
    assert [one.path for one in found] == [MMU, HEADER, GRANTS]
    assert any(each.name for each in found[1].definitions)


def test_several_configurations(tree: KernelTree, cache: Cache) -> None:
    names = ("x86_64-xen-dom0", "i386-xen-domu")
    found = read_units(tree, [batch(tree, cache, Unit(MMU), name=name) for name in names], cache)
    assert [one.profile for one in found] == list(names)


def test_the_same_from_everywhere(mini: Path, mini_original: Path, cache: Cache) -> None:
    trees = [open_tree(mini_original, None), open_tree(mini_original, None, worktree=True), open_tree(mini, None)]
    first, *others = [facts_of(tree, cache, MMU, GRANTS) for tree in trees]
    assert all(other == first for other in others)


def test_a_second_time_nothing_is_parsed(tree: KernelTree, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    first = facts_of(tree, cache, MMU, GRANTS)

    def fail(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(parallel, "parse_all", fail)
    assert facts_of(tree, cache, MMU, GRANTS) == first


def test_a_changed_header_is_noticed(mini_repo: Path, cache: Cache) -> None:
    tree = open_tree(mini_repo, None, worktree=True)
    before = facts_of(tree, cache, MMU)[MMU]
    with (mini_repo / HEADER).open("a") as header:
        header.write("#error changed\n")
    after = facts_of(open_tree(mini_repo, None, worktree=True), cache, MMU)[MMU]
    assert (before.unit_errors, after.unit_errors) == (0, 1)


def test_progress_is_told(tree: KernelTree, cache: Cache) -> None:
    told: list[tuple[str, int, int]] = []
    read_units(tree, [batch(tree, cache, Unit(MMU), Unit(GRANTS))], cache, lambda *each: told.append(each))
    assert told == [("parsing", 1, 2), ("parsing", 2, 2)]


class TestDeath:
    """A file on which libclang dies costs that file only."""

    @pytest.fixture(params=["killed", "memory", "endless", "asleep", "exit", "wrong"])
    def hostile(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
        def read(main: str, arguments: Sequence[str], wanted: Sequence[str]) -> walk.RawUnit:
            if main.endswith(GRANTS):
                if request.param == "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                if request.param == "memory":
                    bytes(workers._MEMORY_BYTES)
                if request.param == "asleep":
                    time.sleep(600)
                if request.param == "exit":
                    os.write(3, b"+\x90")
                    os._exit(0)
                if request.param == "wrong":
                    raise ZeroDivisionError
                while True:
                    pass
            return REAL_READ(main, arguments, wanted)

        monkeypatch.setattr(walk, "read", read)
        monkeypatch.setenv(workers.VARIABLE, "3" if request.param in ("endless", "asleep") else "30")
        return str(request.param)

    def test_the_others_come_back(self, tree: KernelTree, cache: Cache, hostile: str) -> None:
        found = facts_of(tree, cache, GRANTS, MMU, "arch/x86/xen/setup.c")
        assert [item.severity for item in found[GRANTS].diagnostics] == ["crash"]
        assert found[GRANTS].unit_errors == 1
        assert found[MMU].diagnostics == found["arch/x86/xen/setup.c"].diagnostics == ()
        assert found[MMU].uses

    def test_it_is_tried_again(
        self, tree: KernelTree, cache: Cache, hostile: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if hostile in ("endless", "asleep"):
            monkeypatch.setenv(workers.VARIABLE, "0.5")
        assert facts_of(tree, cache, GRANTS)[GRANTS].diagnostics != ()
        monkeypatch.setenv(workers.VARIABLE, "30")
        monkeypatch.setattr(walk, "read", REAL_READ)
        assert facts_of(tree, cache, GRANTS)[GRANTS].diagnostics == ()


@pytest.mark.parametrize(
    "include",
    [
        '#include "{root}"', '#include "{dots}"', "#include <{root}>", '#/**/include "{root}"', '%:include "{root}"',
        '#include \\\n"{root}"', '#define SECRET "{root}"\n#include SECRET', '#define Q(x) #x\n#include Q({root})',
        '#include_next "{root}"', '#import "{root}"',
    ],
)  # fmt: skip
def test_an_include_that_leaves_the_tree_is_an_error(
    mini_repo: Path, cache: Cache, tmp_path_factory: pytest.TempPathFactory, include: str
) -> None:
    """What is beside the tree is none of its content, and must not pass for it."""
    secret = tmp_path_factory.mktemp("outside") / "secret.h"
    secret.write_text("int secret;\n")
    text = include.format(root=secret, dots="../" * 30 + str(secret)[1:])
    (mini_repo / GRANTS).write_text(f"{text}\nint *f(void) {{ return &secret; }}\n")
    found = facts_of(open_tree(mini_repo, None, worktree=True), cache, GRANTS)[GRANTS]
    assert found.unit_errors > 0


def test_flags_of_a_build_reach_the_compiler(mini_repo: Path, cache: Cache) -> None:
    (mini_repo / GRANTS).write_text("#ifdef FROM_BUILD\nint from_build;\n#endif\n")
    tree = open_tree(mini_repo, None, worktree=True)
    plain = batch(tree, cache, Unit(GRANTS))
    built = plain._replace(config=plain.config._replace(per_file={GRANTS: ("-DFROM_BUILD",)}))
    counts = [len(read_units(tree, [each], cache)[0].definitions) for each in (plain, built)]
    assert counts == [0, 1]
