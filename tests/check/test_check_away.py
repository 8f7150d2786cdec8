"""What is configured and compiled elsewhere: the report is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from check.checking import append, commit_edits, require_gcc
from cluster.beside import Beside

from patcher import sandbox
from patcher.cache import Cache
from patcher.check.results import Status
from patcher.check.run import Means, Options
from patcher.check.session import check

MMU = "arch/x86/xen/mmu.c"


@pytest.fixture
def series(mini_repo: Path) -> Path:
    """A warning, an object that does not compile, and one that is mended."""
    require_gcc()
    before = (mini_repo / MMU).read_text()
    commit_edits(mini_repo, "one", {MMU: append("\nstatic int unused(void) { return 1; }\n")})
    commit_edits(mini_repo, "two", {MMU: append("\nint bad = BAD;\n")})
    commit_edits(mini_repo, "three", {MMU: lambda _: before + "\n"})
    return mini_repo


def test_the_report_is_the_same(series: Path, mini: Path, cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    for name in ("one", "two"):  # the same thing by two names
        (tmp_path / f"{name}.config").write_text((mini / "arch/x86/configs/mini_defconfig").read_text())
    configs = f"i386:xen32_defconfig,{tmp_path}/one.config,{tmp_path}/two.config"
    options = Options(True, (configs,), sandboxed=sandbox.available() is None)
    here = check(["HEAD~3"], None, series, options, Means(Cache(tmp_path / "here")))
    assert {cell.status for row in here.rows for cell in row.cells} >= {Status.WARN, Status.FAIL}
    beside = Beside(tmp_path / "beside")
    assert check(["HEAD~3"], None, series, options, Means(cache, elsewhere=beside)) == here
    assert len({unit.key for unit in beside.done}) == len(beside.done) == 2 * (1 + 4)
    beside.done.clear()
    assert check(["HEAD~3"], None, series, options, Means(cache, elsewhere=beside)) == here
    assert not beside.done, "a second run costs nothing"


def test_what_is_lost_is_an_error(series: Path, cache: Cache, tmp_path: Path) -> None:
    options = Options(True, ("mini_defconfig",), sandboxed=sandbox.available() is None)
    (tmp_path / "beside").mkdir()
    lossy = Beside(tmp_path / "beside", lose=[1])
    report = check(["HEAD~3"], None, series, options, Means(cache, elsewhere=lossy))
    assert "the machine burns" in "".join(cell.detail for row in report.rows for cell in row.cells)
    here = check(["HEAD~3"], None, series, options, Means(Cache(tmp_path / "here")))
    again = Beside(tmp_path / "beside")
    assert check(["HEAD~3"], None, series, options, Means(cache, elsewhere=again)) == here
    assert len(again.done) == 1, "only what was lost is done again"
