"""The properties, on the miniature tree and on trees with one thing mended or broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher.prove.properties.all import PROPERTIES
from patcher.prove.verdict import Status
from patcher.tree.directory import DirectoryTree

MMU, PAGE, SETUP = "arch/x86/xen/mmu.c", "arch/x86/include/asm/xen/page.h", "arch/x86/xen/setup.c"
SCHEME = {"1-back", "1-entry", "1-range", "1-void", "2-ram", "2-wide", "5-cost", "6-pieces", "7-shared", "9-identity",
          "8-told", "9-stray", "9-modify", "9-unmarked", "9-old", "10-isa", "10-mapped", "11-walk", "11-not-given",
          "11-both", "11-passed"}  # fmt: skip
KNOWN = {"3-last-leaf", "7-beyond", "8-half", "8-race", "8-race-any"}  # faults of 2.6.37 that the miniature tree has
LAST_LEAF = (
    "		p2m_top[topidx][mididx] = &mfn_list[pfn];\n	}\n",
    "		p2m_top[topidx][mididx] = &mfn_list[pfn];\n	}\n"
    "	for (pfn = max_pfn; p2m_index(pfn); pfn++)\n		mfn_list[pfn] = INVALID_P2M_ENTRY;\n",
)
LOSER = [
    (
        "		if (cmpxchg(top_p, p2m_mid_missing, mid) != p2m_mid_missing)\n			free_p2m_page(mid);\n",
        "		if (cmpxchg(top_p, p2m_mid_missing, mid) != p2m_mid_missing) {\n"
        "			free_p2m_page(mid);\n			mid = *top_p;\n		}\n",
    ),
    (
        "			free_p2m_page(mid_mfn);\n		else\n			p2m_top_mfn_p[topidx] = mid_mfn;\n",
        "			free_p2m_page(mid_mfn);\n		else\n			p2m_top_mfn_p[topidx] = mid_mfn;\n"
        "		mid_mfn = p2m_top_mfn_p[topidx];\n",
    ),
]
MARK = [
    ("#define FOREIGN_FRAME_BIT	(1UL<<31)",
     "#define FOREIGN_FRAME_BIT	(1UL << (8 * sizeof(long) - 1))\n"
     "#define IDENTITY_FRAME_BIT	(1UL << (8 * sizeof(long) - 2))\n"
     "#define IDENTITY_FRAME(m)	((m) | IDENTITY_FRAME_BIT)"),
    ("		mfn &= ~FOREIGN_FRAME_BIT;", "		mfn &= ~(FOREIGN_FRAME_BIT | IDENTITY_FRAME_BIT);"),
]  # fmt: skip


def test_ids_are_unique_and_numbers_the_designs() -> None:
    assert len({each.id for each in PROPERTIES}) == len(PROPERTIES)
    assert {each.number for each in PROPERTIES} == set(range(1, 12))
    assert all(each.id.startswith(f"{each.number}-") for each in PROPERTIES)


def test_a_kernel_before_the_scheme(verdicts, arch: str, mini: Path) -> None:  # type: ignore[no-untyped-def]
    found = verdicts(DirectoryTree(mini))
    known = KNOWN | {"8-high"} if arch == "x86_64" else KNOWN  # there is no such loop on 32 bits
    assert {name for name, each in found.items() if each.status is Status.ABSENT} == SCHEME | {"9-granted"}
    assert {name for name, each in found.items() if each.status is Status.FAIL} == known
    assert all(each.cases for each in found.values() if each.status is Status.PASS)
    assert not any(each.status is Status.SKIP for each in found.values())


def test_what_lies_behind_the_list_is_shown(verdicts, changed, mini: Path) -> None:  # type: ignore[no-untyped-def]
    example = verdicts(DirectoryTree(mini), "3-last-leaf", shrink=True)["3-last-leaf"].counterexample
    assert example.expected == "PFN 0xa0, past nr_pages in the last leaf, is missing"
    assert example.found == "0"
    assert example.scenario.machine.nr_pages == 0xA0  # the smallest there is
    assert verdicts(changed({MMU: LAST_LEAF}), "3")["3-last-leaf"].status is Status.PASS


def test_the_lost_race_is_shown_and_its_cure_is_seen(verdicts, changed, mini: Path) -> None:  # type: ignore[no-untyped-def]
    example = verdicts(DirectoryTree(mini), "8-race")["8-race"].counterexample
    assert example.found.startswith("a wild access")
    assert example.place.startswith(f"{MMU}:") and "in alloc_p2m()" in example.place
    assert verdicts(changed({MMU: LOSER}), "8-race")["8-race"].status is Status.PASS


def test_a_mark_alone_claims_what_it_means(verdicts, changed) -> None:  # type: ignore[no-untyped-def]
    found = verdicts(changed({PAGE: MARK}), "1", "2", "9-stray")
    status = {name: each.status for name, each in found.items()}
    assert status == {
        "1-back": Status.ABSENT, "1-entry": Status.PASS, "1-range": Status.ABSENT, "1-void": Status.ABSENT,
        "2-ram": Status.PASS,
        "2-wide": Status.PASS, "9-stray": Status.ABSENT,
    }  # fmt: skip
    assert found["2-ram"].reason == "IDENTITY_FRAME_BIT is defined"


def test_a_mark_that_is_never_taken_away_is_no_claim(verdicts, changed) -> None:  # type: ignore[no-untyped-def]
    """Where it is never taken away the tree does not claim it; here it is for a few PFNs only."""
    assert verdicts(changed({PAGE: MARK[:1]}), "1-entry")["1-entry"].status is Status.ABSENT


def test_a_mark_that_is_not_always_taken_away_is_found(verdicts, changed) -> None:  # type: ignore[no-untyped-def]
    old, new = MARK[1]
    found = verdicts(changed({PAGE: [MARK[0], (old, f"		if (pfn < 16)\n	{new}")]}), "1-entry")["1-entry"]
    assert found.status is Status.FAIL
    assert found.counterexample.expected.startswith("pfn_to_mfn(")


_LEAF = "			free_p2m_page(p2m);\n		else\n			mid_mfn[{}] = virt_to_mfn(p2m);"
_NO_PAGE = "		p2m = alloc_p2m_page();\n		if (!p2m)\n			return false;\n"
_STORE = "	p2m_top[topidx][mididx][idx] = mfn;"
_REBUILD = "		mid_mfn_p[mididx] = virt_to_mfn(mid[mididx]);"
_PTE = "		val = ((pteval_t)mfn << PAGE_SHIFT) | flags;"
_READ_BACK = "	if (xen_initial_domain() && (pteval & _PAGE_IOMAP))\n		return pteval;\n"
_BEYOND = "		return INVALID_P2M_ENTRY;\n\n	topidx"
_RESERVED = "static RESERVE_BRK_ARRAY(unsigned long **, p2m_top, P2M_TOP_PER_PAGE);"
_OTHERS = "		return INVALID_P2M_ENTRY;\n	if (pfn > 0x100000)\n		return pfn;\n\n	topidx"
_EXTRA = "	xen_extra_mem_size += size;\n"
BROKEN = {
    "3-balloon": (SETUP, _EXTRA, f"{_EXTRA}	set_phys_to_machine(PFN_DOWN(extra_start) + 0x2000, 5);\n"),
    "3-returned": (SETUP, "			set_phys_to_machine(pfn, INVALID_P2M_ENTRY);\n", ""),
    "3-missing": (MMU, _STORE, "	p2m_top[topidx][mididx][idx] = mfn == INVALID_P2M_ENTRY ? 0 : mfn;"),
    "4-frame": (MMU, _STORE, "	p2m_top[topidx][mididx][idx & ~1u] = mfn;"),
    "5-same": (MMU, "		return mfn == INVALID_P2M_ENTRY;", "		return false;"),
    "7-view": (MMU, _LEAF.format("mididx"), _LEAF.format("0")),
    "7-resume": (MMU, _REBUILD, f"		if (!mid_mfn_p[mididx])\n	{_REBUILD}"),
    "8-memory": (MMU, _NO_PAGE, "		p2m = alloc_p2m_page();\n"),
    "8-brk": (MMU, _RESERVED, "static unsigned long ***p2m_top;"),
    "9-ram": (MMU, _PTE, "		val = ((pteval_t)mfn << PAGE_SHIFT) | (flags & 1);"),
    "9-missing": (MMU, "			mfn = 0;\n			flags = 0;", "			mfn = 0;"),
    "9-foreign": (MMU, _READ_BACK, ""),
    "9-isa": (MMU, "addr >= ISA_END_ADDRESS", "addr > ISA_END_ADDRESS"),
    "10-own": (
        MMU,
        _BEYOND,
        f"		return INVALID_P2M_ENTRY;\n	if (pfn > 0x100000)\n{_BEYOND.replace('INVALID_P2M_ENTRY', 'pfn')}",
    ),
    "10-translated": (PAGE, "	if (xen_feature(XENFEAT_auto_translated_physmap))\n		return pfn;", ""),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_it_fails_where_the_code_is_broken(verdicts, changed, name: str) -> None:  # type: ignore[no-untyped-def]
    path, old, new = BROKEN[name]
    found = verdicts(changed({path: (old, new)}), name)[name]
    assert found.status is Status.FAIL
    assert found.counterexample.expected
