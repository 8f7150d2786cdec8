"""The identity series on real trees."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Git = Callable[..., str]
P2M_BEGINS = "/*\n * Xen leaves the responsibility for maintaining p2m mappings"
P2M_ENDS = "unsigned long arbitrary_virt_to_mfn(void *vaddr)"


@pytest.mark.slow
def test_linux_2_6_37(run: Callable[..., Any], git: Git, linux_2_6_37: Any, tmp_path: Path) -> None:
    clone = tmp_path / "clone.git"
    git(tmp_path, "clone", "-q", "--bare", "--shared", linux_2_6_37.path, clone)
    base = git(clone, "rev-parse", linux_2_6_37.revision)
    ran = run("apply", "--tree", clone, "--rev", base)
    assert (ran.code, ran.stderr) == (0, "")
    assert "nothing new after any patch" in ran.unfolded
    assert git(clone, "rev-list", "--count", f"{base}..patcher/identity") == "14"
    again = run("apply", "--tree", clone, "--rev", "patcher/identity")
    assert (again.code, "nothing to do" in again.unfolded) == (0, True)
    assert "already-applied" in run("plan", "--tree", clone, "--rev", "patcher/identity").stdout


@pytest.mark.slow
def test_linux_2_6_37_with_the_p2m_elsewhere(
    run: Callable[..., Any], git: Git, linux_2_6_37: Any, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--shared", "--no-checkout", linux_2_6_37.path, clone)
    git(clone, "sparse-checkout", "set", "arch/x86/xen")
    git(clone, "checkout", "-q", "--detach", linux_2_6_37.revision)
    mmu = clone / "arch/x86/xen/mmu.c"
    text = mmu.read_text(encoding="latin-1")
    start, end = text.index(P2M_BEGINS), text.index(P2M_ENDS)
    includes = text[text.index("#include <linux/sched.h>") : text.index('#include "debugfs.h"')]
    (clone / "arch/x86/xen/frames.c").write_text(includes + text[start:end], encoding="latin-1")
    rest = text[:start] + text[end:]
    isa = rest[rest.index("__init void xen_ident_map_ISA") : rest.index("static __init void xen_post_allocator_init")]
    rest = rest.replace(isa, "").replace("static void xen_set_fixmap(", isa + "static void xen_set_fixmap(", 1)
    mmu.write_text(re.sub(r"^}$", "}\n\n/* unrelated */", rest, flags=re.MULTILINE), encoding="latin-1")
    makefile = clone / "arch/x86/xen/Makefile"
    makefile.write_text(makefile.read_text().replace("mmu.o", "mmu.o frames.o", 1))
    git(clone, "add", "-A", "arch/x86/xen")
    git(clone, "commit", "-q", "-m", "Move the P2M")
    ran = run("apply", "--tree", clone)
    assert (ran.code, ran.stderr) == (0, "")
    assert "arch/x86/xen/frames.c" in git(clone, "diff", "--name-only", "HEAD", "patcher/identity")


def test_linux_6_12_has_it_all(run: Callable[..., Any], linux_6_12: Any) -> None:
    ran = run("apply", "--tree", linux_6_12.path)
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout.startswith("identity: nothing to do, 6.12")


def test_a_current_checkpatch_has_nothing_to_say(
    run: Callable[..., Any], mini_original: Path, linux_6_12: Any, tmp_path: Path
) -> None:
    if not shutil.which("perl"):
        pytest.skip("perl is not installed")
    assert run("apply", "--tree", mini_original, "-o", tmp_path / "mails", "--signoff").code == 0
    patches = sorted((tmp_path / "mails").glob("*.patch"))[1:]
    script = linux_6_12.path / "scripts/checkpatch.pl"
    younger = "PREFER_PR_LEVEL"  # pr_info_once(), which came after 2.6.37
    done = subprocess.run(
        ["perl", script, "--no-tree", "--strict", "--terse", "--no-summary", "--ignore", younger, *patches],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
