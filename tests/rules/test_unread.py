"""What is only named, and neither called nor made anything of."""

from __future__ import annotations

import pytest

from patcher.rules.unread import only_named


@pytest.mark.parametrize(
    ("code", "named"),
    [
        (b"EXPORT_SYMBOL(remap);", True),
        (b"EXPORT_SYMBOL_GPL( remap );", True),
        (b"#ifndef remap\n", True),
        (b"#define remap remap\n", True),
        (b"extern int remap(struct vm_area_struct *vma, unsigned long pfn);", True),
        (b"extern typeof(remap) remap_again;", True),
        (b"\treturn remap(vma, 1);", False),
        (b"#define other(vma, pfn) remap(vma, pfn)\n", False),
        (b"\tops->map = remap;", False),
    ],
)
def test_what_is_only_named(code: bytes, named: bool) -> None:
    assert only_named(code, code.index(b"remap"), "remap") is named
