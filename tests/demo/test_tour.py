"""The tour runs, on a tree that builds."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patcher.demo.tour import tour
from patcher.errors import InputError


def test_the_tour(run: Callable[..., Any], tmp_path: Path) -> None:
    ran = run("demo", "--keep", tmp_path / "linux-mini")
    assert ran.code == 0
    for chapter in ("1. A tree", "2. patcher plan", "3. The whole plan", "5. patcher prove", "8. On your own tree"):
        assert chapter in ran.stdout
    assert "identity: applicable" in ran.stdout
    assert "branch patcher/iomap: 10 patches" in ran.stdout
    assert (tmp_path / "linux-mini" / ".git").is_dir()
    again = run("demo", "--keep", tmp_path / "linux-mini")
    assert (again.code, again.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("config", ["mini_defconfig", "noxen_defconfig"])
def test_the_miniature_tree_builds_without_a_warning(mini: Path, tmp_path: Path, config: str) -> None:
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed")
    shutil.copytree(mini, tmp_path / "tree")  # make cannot work where a path has spaces, and a checkout may be anywhere
    for target in (config, "all"):
        command = ["make", "-s", "-C", str(tmp_path / "tree"), f"O={tmp_path / 'out'}", target]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (built.returncode, built.stderr) == (0, ""), target


@pytest.mark.parametrize("name", ["/dev/null/x", "/proc/x", "x" * 300, "", "file/x", "."])
def test_a_place_that_cannot_be_kept(run: Callable[..., Any], tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    ran = run("demo", "--keep", name, cwd=tmp_path)
    assert (ran.code, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)


def test_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many files that could not be copied, the first is told."""

    def full(source: Path, target: Path) -> None:
        raise shutil.Error([(str(source), str(target), "No space left on device")] * 100)

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(InputError, match=r"^cannot write to .*linux-mini \(No space left on device\): name another"):
        tour(print, str, None)
