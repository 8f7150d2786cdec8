"""What a macro is worth, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.source.values import Question, unequal
from patcher.tree import kconfig, profile
from patcher.tree.config import from_profile
from patcher.tree.directory import DirectoryTree
from patcher.tree.overlay import PatchedTree

PAGE = "arch/x86/include/asm/xen/page.h"
TOP = "1UL << (sizeof(long) * 8 - 1)"


@pytest.mark.parametrize(
    ("body", "other"),
    [
        ("(1UL<<31)", "x86_64-xen-dom0"),
        ("0x80000000UL", "x86_64-xen-dom0"),
        ("(1UL << (BITS_PER_LONG - 1))", ""),
        ("(1UL << (sizeof(unsigned long) * 8 - 1))", ""),
        ("(~(~0UL >> 1))", ""),
        ("((unsigned long)1 << (BITS_PER_LONG - 1))", ""),
        ("(1ULL << 63)", "i386-xen-domu"),
        ("nothing_known", "x86_64-xen-dom0"),
        ("get_phys_to_machine(0)", "x86_64-xen-dom0"),
        ("", "x86_64-xen-dom0"),
    ],
)
def test_the_value_counts_not_the_spelling(mini: Path, shared_cache: Path, body: str, other: str) -> None:
    base = DirectoryTree(mini)
    old = b"#define FOREIGN_FRAME_BIT\t(1UL<<31)"
    text = base.read([PAGE])[PAGE]
    assert old in text
    tree = PatchedTree(base, {PAGE: text.replace(old, f"#define FOREIGN_FRAME_BIT {body}".encode())})
    symbols = kconfig.read(tree)
    configs = [from_profile(tree, profile.load(name), symbols) for name in ("x86_64-xen-dom0", "i386-xen-domu")]
    cache = Cache(shared_cache)
    try:
        for _ in range(2):  # computed, and remembered
            questions = [Question(PAGE, "FOREIGN_FRAME_BIT", TOP), Question(PAGE, "INVALID_P2M_ENTRY", "~0UL")]
            assert unequal(tree, configs, questions, cache) == [other, ""]
    finally:
        cache.close()


def test_nothing_is_asked_for_nothing(mini: Path, tmp_path: Path) -> None:
    assert unequal(DirectoryTree(mini), [], [], Cache(tmp_path)) == []
