"""Plans of trees as they are found: files that cannot be read, and files that are not there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.files import LARGE
from patcher.model import Plan, Status
from patcher.plan import make, session
from patcher.tree.find import open_tree

MMU = "arch/x86/xen/mmu.c"


def plan_of(place: Path, cache: Path) -> Plan:
    store = Cache(cache)
    try:
        return make.make_plan(open_tree(place, None), session.request("identity", scope="xen"), store)
    finally:
        store.close()


@pytest.fixture
def tree(mini: Path, tmp_path: Path) -> Path:
    shutil.copytree(mini, tmp_path / "linux")
    return tmp_path / "linux"


def make_huge(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate(LARGE + 1)


def test_a_header_that_cannot_be_read_costs_that_file(tree: Path, shared_cache: Path) -> None:
    make_huge(tree / "arch/x86/include/asm/xen/interface.h")
    plan = plan_of(tree, shared_cache)
    assert any("cannot be read" in item.reason for item in plan.coverage.text_only)
    assert plan.steps


def test_a_source_that_cannot_be_read_costs_that_file(tree: Path, shared_cache: Path) -> None:
    make_huge(tree / "arch/x86/xen/setup.c")
    plan = plan_of(tree, shared_cache)
    assert not [finding for finding in plan.findings if finding.path == "arch/x86/xen/setup.c"]
    assert [finding for finding in plan.findings if finding.path == MMU]


@pytest.mark.parametrize("lacking", ["include/linux/mm.h", "kernel/bounds.c", "arch/x86/Kconfig", "mm", "drivers"])
def test_a_stripped_tree_is_planned(tree: Path, shared_cache: Path, lacking: str) -> None:
    gone = tree / lacking
    if gone.is_dir():
        shutil.rmtree(gone)
    elif gone.exists():
        gone.unlink()
    plan = plan_of(tree, shared_cache)
    assert plan.status in (Status.APPLICABLE, Status.NOT_APPLICABLE, Status.PARTLY)
    assert [finding for finding in plan.findings if finding.path == MMU]
