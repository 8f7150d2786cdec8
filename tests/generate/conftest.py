"""The miniature tree in other forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

HELD = "unsigned long xen_max_p2m_pfn"
AFTER = "/* For any kernel address; those outside of the linear map take a walk. */"
INCLUDES = """\
// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/string.h>

#include <asm/setup.h>
#include <asm/e820.h>

#include <asm/xen/hypervisor.h>

#include <xen/xen.h>
#include <xen/page.h>

#include "mmu.h"

"""


def move_p2m(tree: Path) -> None:
    """Give the P2M a file of its own, with its functions where they were."""
    mmu = tree / "arch/x86/xen/mmu.c"
    text = mmu.read_text()
    start = text.index("/*\n * The P2M: a table from PFN to MFN")
    end = text.index(AFTER)
    assert HELD in text[start:end]
    (tree / "arch/x86/xen/p2m.c").write_text(INCLUDES + text[start:end].rstrip() + "\n")
    mmu.write_text(text[:start] + text[end:])
    makefile = tree / "arch/x86/xen/Makefile"
    makefile.write_text(re.sub(r"\bmmu\.o\b", "mmu.o p2m.o", makefile.read_text(), count=1))


def disturb(tree: Path) -> None:
    """Reorder functions, and add lines that have nothing to do with the series."""
    for path in ("arch/x86/xen/mmu.c", "arch/x86/xen/setup.c", "arch/x86/include/asm/xen/page.h"):
        file = tree / path
        lines = file.read_text().splitlines(keepends=True)
        out = []
        for number, line in enumerate(lines):
            out.append(line)
            if line == "}\n" and number % 2:
                out.append(f"\n/* Nothing to do with it. */\n#define UNRELATED_{number}\t{number}\n")
            if line == "{\n" and number % 3 == 0:
                out.append("\t/* An unrelated remark. */\n")
        file.write_text("".join(out))
    file = tree / "arch/x86/xen/setup.c"
    text = file.read_text()
    start = text.index("/* Give the frames of whole pages")
    end = text.index("/* Release what lies in the gaps")
    adder = text.index("static void __init xen_add_extra_mem")
    file.write_text(text[:adder] + text[start:end] + text[adder:start] + text[end:])


@pytest.fixture
def changed_tree(mini_repo: Path, git: Callable[..., str]) -> Callable[..., Path]:
    """``changed_tree(change, …)``: the miniature tree with changes of its files, committed."""

    def make(*changes: Callable[[Path], None]) -> Path:
        for change in changes:
            change(mini_repo)
        git(mini_repo, "add", "-A", "-f")
        git(mini_repo, "commit", "-q", "-m", "Changed")
        return mini_repo

    return make


@pytest.fixture
def p2m_moved() -> Callable[[Path], None]:
    """The change that gives the P2M a file of its own."""
    return move_p2m


@pytest.fixture
def disturbed() -> Callable[[Path], None]:
    """The change that reorders functions and adds lines."""
    return disturb
