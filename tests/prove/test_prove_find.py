"""Where a tree holds its P2M, and what of it is not the tree's letter."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from patcher.errors import InputError
from patcher.prove.find import linear_map, places
from patcher.tree.directory import DirectoryTree


def test_the_files_are_found_by_symbol(mini: Path) -> None:
    found = places(DirectoryTree(mini))
    assert found.sources == ("arch/x86/xen/mmu.c", "arch/x86/xen/setup.c")
    assert found.defined["get_phys_to_machine"] == "arch/x86/xen/mmu.c"
    assert "e820_add_region" not in found.defined  # it is only declared there


def test_also_where_somebody_moved_them(mini: Path, tmp_path: Path) -> None:
    top = tmp_path / "moved"
    shutil.copytree(mini, top)
    (top / "arch/x86/xen/mmu.c").rename(top / "arch/x86/xen/frames.c")
    assert places(DirectoryTree(top)).sources == ("arch/x86/xen/frames.c", "arch/x86/xen/setup.c")


def test_a_tree_without_p2m_is_wrong_input(mini: Path, tmp_path: Path) -> None:
    top = tmp_path / "bare"
    shutil.copytree(mini, top)
    (top / "arch/x86/xen/mmu.c").unlink()
    with pytest.raises(InputError, match="has no P2M"):
        places(DirectoryTree(top))


def test_only_the_number_of_the_linear_map_is_changed() -> None:
    text = b"#define __PAGE_OFFSET           _AC(0xffff880000000000, UL)\n#define X 0xffff880000000000\n"
    changed = linear_map(text, "0x1000")
    assert changed == b"#define __PAGE_OFFSET           _AC(0x1000, UL)\n#define X 0xffff880000000000\n"
    assert linear_map(b"#define __PAGE_OFFSET page_offset_base\n", "0x1000") is None


@pytest.mark.parametrize(("bits", "elsewhere"), [(0, "init_64.c"), (64, "init_64.c"), (32, "")])
def test_a_file_of_the_other_word_size_is_no_part_of_the_kernel(
    mini: Path, tmp_path: Path, bits: int, elsewhere: str
) -> None:
    """As cleanup_highmap() of 2.6.39 is: with 32 bits there is no second map of the image, and nothing of it goes."""
    top = tmp_path / "both"
    shutil.copytree(mini, top)
    (top / "arch/x86/mm/init_64.c").write_text("void cleanup(void)\n{\n	set_pmd(0, __pmd(_brk_end));\n}\n")
    assert places(DirectoryTree(top), bits).elsewhere == (elsewhere and f"arch/x86/mm/{elsewhere}")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("#ifdef CONFIG_X86_64\n{}\n#endif\n", {0, 64}),
        ("#ifdef CONFIG_X86_32\n{}\n#endif\n", {0, 32}),
        ("#ifndef CONFIG_X86_64\n#else\n{}\n#endif\n", {0, 64}),
        ("#ifdef CONFIG_X86_64\n#endif\n{}\n", {0, 32, 64}),
        ("# ifdef CONFIG_X86_64\n#if 1\n{}\n#else\n#endif\n#endif\n", {0, 64}),
        ("#ifdef CONFIG_X86_32\n#elif 1\n{}\n#endif\n", {0, 32, 64}),
        ("#else\n#endif\n{}\n", {0, 32, 64}),
    ],
)
def test_nor_is_what_is_conditional_on_it(mini: Path, tmp_path: Path, lines: str, found: set[int]) -> None:
    """As cleanup_highmap_brk_end() is, between 2.6.38 and 2.6.39."""
    top = tmp_path / "both"
    shutil.copytree(mini, top)
    file = "arch/x86/kernel/setup.c"
    (top / file).parent.mkdir(exist_ok=True)
    (top / file).write_text(lines.format("void cleanup(void)\n{\n	pmd_clear(_brk_end);\n}"))
    assert {bits for bits in (0, 32, 64) if places(DirectoryTree(top), bits).elsewhere == file} == found
