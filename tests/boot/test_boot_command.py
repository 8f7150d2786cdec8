"""``patcher boot`` as it is called: what is wrong with a call is told before anything is built; and a range of a tree
that builds a kernel of a few instructions, from the command to the commit that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boot.smallkernel import MAKEFILE, commit, small_kernel
from boot.stub import answer, needs_qemu, page, saying
from check.checking import require_gcc

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


def _kernel(tree: Path, subject: str, text: str) -> str:
    """Commit a kernel that says this."""
    (tree / "image").write_bytes(saying(text))
    return commit(tree, subject, {"says": text})


@needs_qemu
def test_a_range(run: Run, tmp_path: Path) -> None:
    require_gcc()
    tree = small_kernel(tmp_path / "linux")
    rules = MAKEFILE
    for old, new in (
        ("vmlinux: init/main.o mm/page.o\n\t@cat .config $^ > $@", "vmlinux: $(SRC)/says\n\t@cp $< $@"),
        ("bzImage: vmlinux\n\t@mkdir -p $(@D)\n\t@cat", "bzImage: $(SRC)/image\n\t@mkdir -p $(@D)\n\t@cat"),
    ):
        assert old in rules
        rules = rules.replace(old, new)
    (tree / "Makefile").write_text(rules)
    start = "[    0.0] Linux\n" + answer(0, "boot", "init")
    end = answer(9, "boot", "end") + "[    9.0] reboot: Power down\n"
    base = _kernel(tree, "Start", start + page(1, "mmap", "rom") + end)
    _kernel(tree, "Say more", "[    0.0] more\n" + start + page(1, "mmap", "rom") + end)
    bad = _kernel(tree, "Break it", start + "[    1.0] BUG: Bad page map\n" + page(1, "mmap", "rom") + end)
    _kernel(tree, "Leave it", start + "[    1.1] BUG: Bad page map\n" + page(1, "mmap", "rom") + end)
    small = ("--memory", "256M", "--dom0-mem", "128M")
    ran = run("boot", f"{base}..HEAD", "--tree", tree, "--on", "bare", "--trust-tree", *small, "--format", "json")
    assert (ran.code, ran.stderr) == (1, "")
    found = json.loads(ran.stdout)
    assert {(each["probe"], each["commit"]) for each in found["began"]} == {("messages", bad), ("mmap rom", bad)}
    assert sorted(each["commit"] for each in found["boots"]).count(base) == 1
    assert len(found["boots"]) == 4


def test_apply_boots_what_it_checks(run: Run, mini_original: Path) -> None:
    ran = run("apply", "--tree", mini_original, "--boot")
    assert (ran.code, "--boot and --configs go with --check" in ran.stderr) == (2, True)
