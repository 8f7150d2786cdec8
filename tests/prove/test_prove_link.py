"""Our own part of a program."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.prove import build, link
from patcher.prove.program import Program
from patcher.tree.directory import DirectoryTree


@pytest.mark.parametrize("arch", ["x86_64"], indirect=True)
def test_a_program_is_the_same_wherever_it_is_made(
    mini: Path, program: Program, arch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or two that are made at once, or by an installed patcher and by a checkout, would be played as two."""
    elsewhere = Path(shutil.copytree(link.SHIM, tmp_path / "a" / "longer" / "shim"))
    monkeypatch.setattr(link, "SHIM", elsewhere)
    monkeypatch.setattr(build, "SHIM", elsewhere)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    there = build.build(DirectoryTree(mini), arch, Cache(tmp_path / "cache"))
    assert program.digest == there.digest
