"""Real kernels parse without an error, in every profile that they can be built in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from patcher.cache import Cache
from patcher.model import FileFacts
from patcher.source.read import include_graph, read_units
from patcher.source.unit import Batch, Unit
from patcher.tree import kconfig, profile
from patcher.tree.config import from_profile
from patcher.tree.find import open_tree
from patcher.tree.kernel import KernelTree, version

FILES_2_6_37 = tuple(f"arch/x86/xen/{name}" for name in ("mmu.c", "setup.c", "enlighten.c"))
FILES_6_12 = tuple(f"arch/x86/xen/{name}" for name in ("p2m.c", "mmu_pv.c", "setup.c"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def old(linux_2_6_37: Any) -> KernelTree:
    return open_tree(linux_2_6_37.path, linux_2_6_37.revision)


@pytest.fixture(scope="module")
def modern(linux_6_12: Any) -> KernelTree:
    return open_tree(linux_6_12.path, linux_6_12.revision)


def parsed(tree: KernelTree, name: str, paths: tuple[str, ...], cache: Cache) -> dict[str, FileFacts]:
    config = from_profile(tree, profile.load(name), kconfig.read(tree))
    includes = include_graph(tree, config, paths, cache)
    return {one.path: one for one in read_units(tree, [Batch(config, tuple(map(Unit, paths)), includes)], cache)}


def test_versions(old: KernelTree) -> None:
    assert version(old) == "2.6.37"


@pytest.mark.slow
@pytest.mark.parametrize("name", profile.names())
def test_linux_2_6_37(old: KernelTree, cache: Cache, name: str) -> None:
    found = parsed(old, name, FILES_2_6_37, cache)
    assert {path: one.diagnostics for path, one in found.items()} == dict.fromkeys(FILES_2_6_37, ())
    assert "xen_make_pte" in {each.name for each in found["arch/x86/xen/mmu.c"].definitions}
    assert any(use.symbol == "_PAGE_IOMAP" for use in found["arch/x86/xen/mmu.c"].uses)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in profile.names() if name.startswith("x86_64")])
def test_linux_6_12(modern: KernelTree, cache: Cache, name: str) -> None:
    assert version(modern).startswith("6.12")
    found = parsed(modern, name, FILES_6_12, cache)
    assert {path: one.diagnostics for path, one in found.items()} == dict.fromkeys(FILES_6_12, ())
    assert "get_phys_to_machine" in {each.name for each in found["arch/x86/xen/p2m.c"].definitions}


def test_linux_6_12_has_no_32_bit_guest(modern: KernelTree) -> None:
    symbols = kconfig.read(modern)
    assert kconfig.fits(symbols, profile.load("x86_64-xen-dom0").config)
    assert not kconfig.fits(symbols, profile.load("i386-xen-domu").config)


def test_reading_writes_nothing_into_the_tree(old: KernelTree, cache: Cache) -> None:
    place = Path(old.where)
    before = {str(file): file.stat().st_mtime_ns for file in place.iterdir()}
    parsed(old, profile.DEFAULTS[0], FILES_2_6_37[:1], cache)
    assert {str(file): file.stat().st_mtime_ns for file in place.iterdir()} == before
