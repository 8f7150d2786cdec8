"""``patcher boot`` as it is called: what is wrong with a call is told before anything is built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boot.stub import needs_qemu

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["HEAD"], "--trust-tree"),
        (["--trust-tree", "--on", "bare,moon"], "there is no 'moon'"),
        (["--trust-tree", "--arch", "sparc"], "there is no 'sparc'"),
        (["--trust-tree", "--memory", "2T"], "--memory: '2T'"),
        (["--trust-tree", "--memory", "1M"], "--memory: '1M'"),
        (["--trust-tree", "--dom0-mem", "2G"], "--memory more"),
        (["--trust-tree", "HEAD", "--rev", "HEAD"], "contradict"),
        (["--trust-tree", "--against", "HEAD"], "--against goes with --rev"),
        (["--trust-tree", "--base", "HEAD"], "--base goes with --series"),
        (["--trust-tree", "--probe", "/nonexistent"], "/nonexistent"),
        (["--trust-tree", "--rev", "nothing"], "nothing"),
        (["--trust-tree", "--config", "a b"], "is no symbol"),
        (["--trust-tree", "--series", "nothing"], "no series"),
    ],
)
@needs_qemu
def test_a_wrong_call(run: Run, mini_original: Path, args: list[str], said: str) -> None:
    ran = run("boot", "--tree", str(mini_original), *args)
    assert (ran.code, ran.stderr.count("\n")) == (2, 1)
    assert said in ran.stderr


def test_without_qemu(run: Run, mini_original: Path, tmp_path: Path) -> None:
    ran = run("boot", "--tree", str(mini_original), "--trust-tree", env={"PATH": str(tmp_path)})
    assert ran.code == 2
    assert "qemu-system-x86" in ran.stderr
