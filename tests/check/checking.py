"""Series on the miniature tree, checked for real: its Makefile, gcc, and the sandbox where there is one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from realgit import run_git

from patcher import sandbox
from patcher.cache import Cache
from patcher.check.results import Report
from patcher.check.run import Means, Options, run
from patcher.check.series import named
from patcher.tree.find import open_repository

Edit = Callable[[str], str]
MINI = "mini_defconfig,i386:xen32_defconfig,noxen_defconfig"


def require_gcc() -> None:
    for program in ("gcc", "make"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")


def append(text: str) -> Edit:
    return lambda before: before + text


def replace(old: str, new: str) -> Edit:
    return lambda before: before.replace(old, new)


def commit_edits(tree: Path, subject: str, edits: dict[str, Edit]) -> str:
    for path, edit in edits.items():
        file = tree / path
        before = file.read_text() if file.exists() else ""
        after = edit(before)
        assert after != before, path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(after)
    run_git(tree, "add", "-A")
    run_git(tree, "commit", "-q", "-m", subject)
    return run_git(tree, "rev-parse", "HEAD")


def check(
    tree: Path, what: Sequence[str] | str, cache: Path, *, configs: str = MINI, tools: Sequence[str] = ("gcc",),
    base: str | None = None, most: int = 64, sandboxed: bool | None = None, jobs: int = 2,
) -> Report:  # fmt: skip
    """Check a series as the command line does."""
    use = sandbox.available() is None if sandboxed is None else sandboxed
    opened = Cache(cache)
    with tempfile.TemporaryDirectory() as scratch:
        words = [what] if isinstance(what, str) else what
        series = named(open_repository(tree), words, base, Path(scratch))
        options = Options(True, (configs,), ",".join(tools), sandboxed=use, jobs=jobs, most=most)
        try:
            return run(series, tree, options, Means(opened))
        finally:
            opened.close()


def table(report: Report) -> list[str]:
    """The statuses, a string for each commit."""
    return [" ".join(cell.status.value for cell in row.cells) for row in report.rows]
