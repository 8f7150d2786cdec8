"""What is unmapped behind the brk: the miniature tree has the fault of 2.6.37, and has it no more once it is fixed."""

from __future__ import annotations

from pathlib import Path

import pytest

from patcher.cache import Cache
from patcher.prove import toolchain
from patcher.prove.build import build
from patcher.prove.find import places
from patcher.prove.prove import Prover, Request
from patcher.prove.verdict import Status, Verdict
from patcher.tree.directory import DirectoryTree
from patcher.tree.kernel import KernelTree
from patcher.tree.overlay import PatchedTree

INIT = "arch/x86/mm/init.c"
LOOP = "while (++pmd <= pmd_offset(pud, (unsigned long)_end - 1))\n			pmd_clear(pmd);"
FIXED = (
    "while (++pmd <= pmd_offset(pud, (unsigned long)_end - 1)) {\n"
    "			if (pmd == pmd_offset(pud, (unsigned long)_end) && !pmd_large(*pmd))\n"
    "				break;\n"
    "			pmd_clear(pmd);\n"
    "		}"
)
TO_END = "while (++pmd < pmd_offset(pud, (unsigned long)_end))\n			pmd_clear(pmd);"
NOTHING = "(void)pmd;"


def changed(mini: Path, edits: dict[str, tuple[str, str]]) -> KernelTree:
    found = {}
    for path, (old, new) in edits.items():
        text = (mini / path).read_text()
        assert text.count(old) == 1, (path, old)
        found[path] = text.replace(old, new).encode()
    return PatchedTree(DirectoryTree(mini), found)


def judged(tree: KernelTree, arch: str, cache: Cache, *, examples: int = 100, only: str = "8-high") -> Verdict:
    if why := toolchain.missing(64 if arch == "x86_64" else 32):
        pytest.skip(why)
    request = Request((arch,), examples, 1, (only,))
    return next(each for each in Prover(request, cache).proof(tree, arch).verdicts if each.id == only)


def test_the_list_of_frames_is_lost_where_end_and_brk_are_in_different_pmds(mini: Path, prove_cache: Cache) -> None:
    found = judged(DirectoryTree(mini), "x86_64", prove_cache)
    assert found.status is Status.FAIL
    assert found.counterexample is not None
    assert "a wild access" in found.counterexample.found
    assert found.counterexample.place.startswith("arch/x86/xen/mmu.c:")
    assert "in get_phys_to_machine()" in found.counterexample.place


def test_32_bits_have_one_map_of_which_nothing_goes(mini: Path, prove_cache: Cache) -> None:
    assert judged(DirectoryTree(mini), "i386", prove_cache, examples=20).status is Status.PASS


@pytest.mark.parametrize(
    ("loop", "expected", "found"),
    [
        (FIXED, "", ""),
        (TO_END, "between the brk and _end nothing stays mapped (", "1 PMDs are left"),
        (NOTHING, "between the brk and _end nothing stays mapped (", "1 PMDs are left"),
        (FIXED.replace("!pmd_large", "pmd_large"), "the list stays mapped, or copied (", "pages of it are not"),
        (FIXED.replace("++pmd <=", "pmd++ <="), "the list stays mapped, or copied (", "pages of it are not"),
        ("pmd--;\n		" + FIXED, "the image stays mapped up to the end of what was taken", "1 PMDs of it are gone"),
    ],
)  # fmt: skip
def test_a_loop_is_judged(mini: Path, prove_cache: Cache, loop: str, expected: str, found: str) -> None:
    verdict = judged(changed(mini, {INIT: (LOOP, loop)}), "x86_64", prove_cache, examples=150)
    if not expected:
        assert (verdict.status, verdict.counterexample) == (Status.PASS, None)
        return
    assert verdict.counterexample is not None
    assert verdict.counterexample.expected.startswith(expected)
    assert found in verdict.counterexample.found


def test_a_list_that_was_copied_may_go(mini: Path, prove_cache: Cache) -> None:
    """Then the lookups go elsewhere; the start info is still where it was."""
    graft = "p2m_top[topidx][mididx] = &mfn_list[pfn];"
    new = """{
			static unsigned long copy[0x40000];

			memcpy(&copy[pfn], &mfn_list[pfn], PAGE_SIZE);
			p2m_top[topidx][mididx] = &copy[pfn];
		}"""
    tree = changed(mini, {"arch/x86/xen/mmu.c": (graft, new)})
    found = judged(tree, "x86_64", prove_cache)
    assert found.counterexample is not None
    assert found.counterexample.expected.startswith("the start info, behind the builder's list, stays mapped")


def test_what_does_not_compile_is_skipped_and_all_else_is_judged(mini: Path, prove_cache: Cache) -> None:
    tree = changed(mini, {INIT: ("int after_bootmem;", "int after_bootmem = no_such_thing;")})
    found = judged(tree, "x86_64", prove_cache)
    assert (found.status, found.cases) == (Status.SKIP, 0)
    assert found.reason.startswith(f"{INIT} cannot be made part of the program: {INIT}:")
    assert "no_such_thing" in found.reason
    assert "/tmp" not in found.reason
    assert judged(tree, "x86_64", prove_cache, examples=5, only="3-missing").status is Status.PASS


def test_what_the_shim_does_not_supply_is_named(mini: Path, prove_cache: Cache) -> None:
    tree = changed(mini, {INIT: ("	flush_tlb_all();", "	{ extern void no_such_call(void); no_such_call(); }")})
    found = judged(tree, "x86_64", prove_cache)
    assert (found.status, found.reason) == (Status.SKIP, "the code reached no_such_call, which nothing here supplies")


@pytest.mark.parametrize("error", ["~0ULL", "0"])
def test_there_is_room_for_page_tables_whatever_a_tree_calls_an_error(
    mini: Path, prove_cache: Cache, error: str
) -> None:
    """2.6.39 looks from address 0 on, and MEMBLOCK_ERROR is 0 there. It was ~0 in 2.6.37."""
    look = f"""	{{
		extern u64 memblock_find_in_range(u64 start, u64 end, u64 size, u64 align);
		extern void panic(const char *format, ...);

		if (memblock_find_in_range(0, 1 << 20, 4096, 4096) == {error})
			panic("no room");
	}}"""
    tree = changed(mini, {INIT: ("	flush_tlb_all();", look)})
    assert judged(tree, "i386", prove_cache, examples=3).status is Status.PASS


def test_a_tree_that_has_no_such_function_claims_nothing(mini: Path, prove_cache: Cache) -> None:
    tree = PatchedTree(DirectoryTree(mini), {INIT: None})
    found = judged(tree, "x86_64", prove_cache)
    assert (found.status, found.reason) == (Status.ABSENT, "nothing under arch/x86 defines init_memory_mapping()")


def test_a_tree_that_clears_elsewhere_is_skipped(mini: Path, prove_cache: Cache) -> None:
    more = "void cleanup(void)\n{\n	set_pmd(0, __pmd(_brk_end));\n}\n\n/* For any kernel address; those outside"
    tree = changed(mini, {"arch/x86/xen/mmu.c": ("/* For any kernel address; those outside", more)})
    assert places(tree).elsewhere == "arch/x86/xen/mmu.c"
    found = judged(tree, "x86_64", prove_cache)
    assert found.status is Status.SKIP
    assert found.reason == "arch/x86/xen/mmu.c clears PMDs behind the brk, and only init_memory_mapping() is played"


def test_the_program_has_the_function_only_beside_what_the_p2m_is(mini: Path, prove_cache: Cache) -> None:
    found = build(DirectoryTree(mini), "x86_64", prove_cache)
    assert INIT not in found.sources
    assert (found.high.claimed, found.high.ends, found.high.lacking) == (True, True, "")
