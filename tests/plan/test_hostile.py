"""Plans of trees that want to read what is not theirs or to keep us waiting, and with a cache that was damaged."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from patience import not_stuck

from patcher import confine, data
from patcher.cache import Cache
from patcher.model import Plan
from patcher.plan.make import make_plan
from patcher.plan.request import Request
from patcher.rules.load import load_group
from patcher.series.load import load
from patcher.tree.find import open_tree

Git = Callable[..., str]
MMU = "arch/x86/xen/mmu.c"
SEED = 11


def plan_of(place: Path, cache: Path) -> Plan:
    request = Request("identity", load("identity"), load_group(data.directory("rules") / "identity"), "xen", "")
    store = Cache(cache)
    try:
        return make_plan(open_tree(place, None), request, store)
    finally:
        store.close()


@pytest.fixture(scope="module")
def before(mini: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which there is what a plan of the miniature tree brings. Not to be written to."""
    place = tmp_path_factory.mktemp("before") / "cache"
    plan_of(mini, place)
    return place


@pytest.fixture
def filled(before: Path, cache_dir: Path) -> Path:
    """The cache of this test alone, with that in it."""
    shutil.copytree(before, cache_dir)
    return cache_dir


def said_of(plan: Plan, path: str) -> str:
    return "\n".join(error for error in plan.coverage.errors if error.startswith(f"{path} "))


def test_how_libclang_is_confined_is_told(mini: Path, cache_dir: Path) -> None:
    assert plan_of(mini, cache_dir).coverage.confinement == confine.way().value != "none"


def test_nothing_outside_is_read_and_nothing_is_waited_for(mini: Path, tmp_path: Path, filled: Path) -> None:
    """One spelling in each of the files that the plan reads."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.h").write_text("int SECRET_WORD = nothing_defines_this;\n")
    os.mkfifo(outside / "fifo.h")
    secret, fifo = outside / "secret.h", outside / "fifo.h"
    tricks = [
        f'%:include "{secret}"', f'%:include "{fifo}"', f'#/**/include "{secret}"', f'#inc\\\nlude "{fifo}"',
        f'#import "{secret}"', f'#pragma GCC dependency "{fifo}"', f'#if __has_include("{fifo}")\n#endif',
        f'%:include "{"../" * 40}{str(secret)[1:]}"', '%:include "/dev/zero"', '%:include "/proc/self/environ"',
        f'#define X(x) #x\n#include X({secret})', f'??=include "{secret}"\n#define S "{fifo}"\n%:include S',
    ]  # fmt: skip
    tree = tmp_path / "tree"
    shutil.copytree(mini, tree)
    paths = [path for path in plan_of(tree, filled).coverage.files_parsed if path.endswith(".c") and path != MMU]
    hostile = dict(zip([MMU, *paths], tricks, strict=False))
    assert len(hostile) == len(tricks)
    for path, trick in hostile.items():
        (tree / path).write_text(f"{trick}\n{(tree / path).read_text()}")
    with not_stuck():  # a read of the FIFO would be
        plan = plan_of(tree, filled)
    assert "SECRET_WORD" not in repr(plan)
    assert "nothing_defines_this" not in repr(plan)
    for path in hostile:
        assert path in plan.coverage.files_parsed


@pytest.mark.parametrize(
    "trick",
    ["#pragma clang __debug crash", "#pragma clang __debug overflow_stack", "#pragma clang __debug llvm_fatal_error",
     f"int x = {'- ' * 100_000}1;"],
    ids=["crash", "overflow", "fatal", "nested"],
)  # fmt: skip
def test_a_file_on_which_libclang_dies_is_one_file(
    mini: Path, tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch, trick: str
) -> None:
    monkeypatch.setenv("PATCHER_PARSE_SECONDS", "3" if "overflow" in trick else "30")
    shutil.copytree(mini, tmp_path / "tree")
    file = tmp_path / "tree" / MMU
    file.write_text(f"{trick}\n{file.read_text()}")
    plan = plan_of(tmp_path / "tree", filled)
    assert "libclang" in said_of(plan, MMU)
    assert [finding.path for finding in plan.findings if finding.path != MMU]


def test_replaced_objects_are_not_seen(
    mini_repo: Path, tmp_path: Path, cache_dir: Path, shared_cache: Path, git: Git
) -> None:
    """By a hostile clone, whose ids are those of the genuine tree."""
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", mini_repo, other)
    forged = tmp_path / "forged.c"
    forged.write_text((mini_repo / MMU).read_text().replace("_PAGE_IOMAP", "_PAGE_IOMAQ"))
    git(other, "replace", git(other, "rev-parse", f"HEAD:{MMU}"), git(other, "hash-object", "-w", forged))
    genuine = plan_of(mini_repo, shared_cache)
    assert plan_of(other, cache_dir) == genuine
    assert plan_of(mini_repo, cache_dir) == genuine


def _flip(files: list[Path], random: random.Random) -> None:
    for file in files:
        content = bytearray(file.read_bytes())
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
        file.write_bytes(content)


def _cut(files: list[Path], random: random.Random) -> None:
    for file in files:
        file.write_bytes(file.read_bytes()[: random.randrange(file.stat().st_size)])


def _swap(files: list[Path], random: random.Random) -> None:
    contents = [file.read_bytes() for file in files]
    for file, content in zip(files, contents[1:] + contents[:1], strict=True):
        file.write_bytes(content)


def _old(files: list[Path], random: random.Random) -> None:
    """Half of it is lost."""
    for file in random.sample(files, len(files) // 2):
        file.unlink()


@pytest.mark.parametrize("damage", [_flip, _cut, _swap, _old])
def test_a_damaged_cache_changes_nothing(
    mini_original: Path, filled: Path, damage: Callable[[list[Path], random.Random], None]
) -> None:
    first = plan_of(mini_original, filled)
    files = sorted(file for file in filled.rglob("*") if file.is_file() and file.stat().st_size)
    assert len(files) > 20
    damage(files, random.Random(SEED))
    assert plan_of(mini_original, filled) == first
    assert plan_of(mini_original, filled) == first
