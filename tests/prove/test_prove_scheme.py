"""The series' own C, on the miniature tree: all that it promises holds, and each property sees a slip in it."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest
from generate.forms import FIND, overriding_page
from heldfiles import HeldFiles
from prove.test_prove_properties import BROKEN

from patcher.cache import Cache
from patcher.prove.properties.all import PROPERTIES
from patcher.prove.prove import Prover, Request
from patcher.prove.verdict import Status, Verdict
from patcher.series.load import load
from patcher.series.patches import make_patches
from patcher.tree.directory import DirectoryTree
from patcher.tree.kernel import KernelTree
from patcher.tree.overlay import PatchedTree

MMU, PAGE, SETUP = "arch/x86/xen/mmu.c", "arch/x86/include/asm/xen/page.h", "arch/x86/xen/setup.c"
INIT = "arch/x86/mm/init.c"
LATER = {"9-modify", "9-unmarked", "9-old", "10-mapped"}  # what iomap promises


def with_series(base: KernelTree) -> PatchedTree:
    """The tree with all of the series."""
    spec = load("identity")
    files = [path for path in base.paths() if path.startswith(("arch/x86/xen/", "arch/x86/include/asm/xen/", INIT))]
    values = {("FOREIGN_FRAME_BIT", "1UL << 31"): ""}
    made = make_patches(spec, {step.slug for step in spec.step}, HeldFiles(base.read(files)), values)
    assert not made.refused
    return PatchedTree(base, {path: content for patch in made.made for path, content in patch.changes.items()})


def with_iomap(base: PatchedTree) -> PatchedTree:
    """The tree with the series that stands on it, too."""
    spec = load("iomap")
    files = [path for path in base.paths() if any(fnmatch(path, each) for each in spec.anchored)]
    made = make_patches(spec, {step.slug for step in spec.step if not step.where}, HeldFiles(base.read(files)), {})
    assert not made.refused
    changes = {path: content for patch in made.made for path, content in patch.changes.items()}
    return PatchedTree(base.base, {**base.changed, **changes})


@pytest.fixture(scope="module")
def unmarked(mini: Path) -> PatchedTree:
    """The miniature tree with both series."""
    return with_iomap(with_series(DirectoryTree(mini)))


@pytest.fixture(scope="module")
def scheme(mini: Path) -> PatchedTree:
    """The miniature tree with the whole series."""
    return with_series(DirectoryTree(mini))


@pytest.fixture(scope="module")
def granting(mini: Path) -> PatchedTree:
    """The same of a miniature tree with m2p overrides; whose __get_user() must not meet the end of Xen's table."""
    base = DirectoryTree(mini)
    page, mmu = base.read([PAGE])[PAGE].decode(), base.read([MMU])[MMU].decode()
    return with_series(PatchedTree(base, {PAGE: overriding_page(page).encode(), MMU: (mmu + FIND).encode()}))


def judged(tree: PatchedTree, arch: str, cache: Cache, name: str) -> Verdict:
    request = Request((arch,), 60, 1, (name,), shrink=False)
    return next(each for each in Prover(request, cache).proof(tree, arch).verdicts if each.id == name)


def test_all_that_the_scheme_promises_holds(scheme: PatchedTree, prove_cache: Cache, arch: str) -> None:
    proof = Prover(Request((arch,), 15, 0), prove_cache).proof(scheme, arch)
    others = {each.id: each.status for each in proof.verdicts if each.status is not Status.PASS}
    assert others == dict.fromkeys(("9-granted", *LATER), Status.ABSENT)
    assert next(each for each in proof.verdicts if each.id == "8-race-any").points > 500


SLIPS = {
    "1-entry": (PAGE, "mfn &= ~(FOREIGN_FRAME_BIT | IDENTITY_FRAME_BIT);", "mfn &= ~FOREIGN_FRAME_BIT;"),
    "1-range": (MMU, "		for (; pfn < next; pfn++)\n", "		for (; pfn + 1 < next; pfn++)\n"),
    "1-back": (PAGE, "get_phys_to_machine(pfn) != mfn && pfn_is", "get_phys_to_machine(pfn) == mfn && pfn_is"),
    "1-void": (MMU, "return xen_initial_domain() ? p2m_mid_identity : p2m_mid_missing;", "return p2m_mid_missing;"),
    "2-ram": (MMU, "} else if (mfn & IDENTITY_FRAME_BIT) {", "} else if ((mfn & IDENTITY_FRAME_BIT) || mfn == pfn) {"),
    "2-wide": (PAGE, "(1UL << (BITS_PER_LONG - 2))", "(1UL << 22)"),
    "3-balloon": (SETUP, "	set_phys_range_missing(min_t(u64, PFN_UP(extra_start), ULONG_MAX),",
                  "	set_phys_range_missing(min_t(u64, PFN_UP(extra_start) + 1, ULONG_MAX),"),
    "3-last-leaf": (MMU, "(pfn = max_pfn; p2m_index(pfn) != 0;", "(pfn = max_pfn + 1; p2m_index(pfn) != 0;"),
    "3-returned": (SETUP, "release_chunk(max_t(u64, PFN_PHYS(start),", "release_chunk(max_t(u64, PFN_PHYS(start + 1),"),
    "3-room": (SETUP, " released = 0;\n	unsigned int i;", " released = 1;\n	unsigned int i;"),
    "4-frame": (MMU, "			p2m_init_identity(p2m, pfn);\n", "			p2m_init(p2m);\n"),
    "5-cost": (MMU, "		if (next - pfn == per_mid) {", "		if (0) {"),
    "5-same": (MMU, "		if (p2m_top[topidx][mididx] == leaf)\n			continue;\n", ""),
    "5-rebuild": (MMU,
                  "virt_to_mfn(p2m_mid_identity_mfn);\n			pfn += (P2M_MID_PER_PAGE - 1) * P2M_PER_PAGE;\n",
                  "virt_to_mfn(p2m_mid_identity_mfn);\n"),
    "6-pieces": (MMU, "		next = min(end, pfn - pfn % per_mid + per_mid);", "		next = min(end, pfn + per_mid);"),
    "7-view": (MMU, "	p2m_top_mfn_p[topidx][mididx] = virt_to_mfn(leaf);\n", ""),
    "7-beyond": (MMU, "(pfn = 0; pfn < MAX_P2M_PFN; pfn += P2M_PER_PAGE)",
                 "(pfn = 0; pfn < xen_max_p2m_pfn; pfn += P2M_PER_PAGE)"),
    "7-shared": (MMU, "	p2m_init(p2m_identity);\n", "	p2m_init(p2m_identity);\n	p2m_identity[3] = 3;\n"),
    "8-brk": (MMU, "(2 * E820MAX + 8)", "(E820MAX)"),
    "8-half": (MMU, "		if (p2m_is_shared_mid_mfn(mid_mfn_p) &&\n", "		if (0 &&\n"),
    "8-race": (MMU, "	free_p2m_page(page);\n\n	return old;", "	return old;"),
    "8-told": (MMU, "	printk_once(KERN_INFO", "	printk(KERN_INFO"),
    "8-race-any": (MMU, "	mid_mfn = ACCESS_ONCE(p2m_top_mfn_p[topidx]);\n",
                   "	mid_mfn = p2m_top_mfn_p[topidx];\n	BUG_ON(virt_to_mfn(mid_mfn) != *top_mfn_p);\n"),
    "8-high": (INIT, "!pmd_large(*pmd)", "pmd_large(*pmd)"),
    "9-identity": (MMU, "			flags |= _PAGE_IOMAP;\n", ""),
    "9-stray": (MMU, "			flags &= ~_PAGE_IOMAP;\n", "			flags |= pfn == 5 ? 0 : _PAGE_IOMAP;\n"),
    "9-device": (MMU, "(XENFEAT_auto_translated_physmap) || pfn >= MAX_P2M_PFN)", "(XENFEAT_auto_translated_physmap))"),
    "9-absent": (MMU, "(val & _PAGE_PRESENT) {\n		unsigned long mfn", "(val) {\n		unsigned long mfn"),
    "10-isa": (SETUP, "addr = xen_initial_domain() ? 0 : ISA_END_ADDRESS;", "addr = 0;"),
    "10-translated": (SETUP, "		return 0;\n\n	for (i = 0; i < nr", "		return 1;\n\n	for (i = 0; i < nr"),
    "10-own": (MMU, "return xen_initial_domain() ? p2m_mid_identity : p2m_mid_missing;", "return p2m_mid_identity;"),
    "11-walk": (SETUP, "		end = PFN_UP(next);\n", "		end = PFN_DOWN(next);\n"),
    "11-not-given": (SETUP, "			end = PFN_DOWN(next);\n", "			end = PFN_UP(next);\n"),
    "11-both": (SETUP, "				other = true;\n", "				;\n"),
    "11-passed": (SETUP, "min_t(u64, end, PFN_UP(last))", "min_t(u64, end, PFN_DOWN(last))"),
}  # fmt: skip


def test_all_that_was_promised_holds_without_the_flag(unmarked: PatchedTree, prove_cache: Cache, arch: str) -> None:
    proof = Prover(Request((arch,), 15, 0), prove_cache).proof(unmarked, arch)
    others = {each.id: each.status for each in proof.verdicts if each.status is not Status.PASS}
    assert others == {"9-granted": Status.ABSENT}


# Slips in the series iomap: the property, and another one's text.
IOMAP_SLIPS = [
    ("9-modify", MMU, "pte_is_past_p2m(pteval) ? pteval : pteval | PTE_NO_PFN", "pteval"),
    ("9-modify", MMU, "		return native_make_pte(pte & ~PTE_NO_PFN);", "		return native_make_pte(pte);"),
    (
        "9-modify",
        MMU,
        "pfn_to_mfn(mfn_to_pfn(mfn)) == mfn",
        "get_phys_to_machine(mfn_to_pfn(mfn)) != INVALID_P2M_ENTRY",
    ),
    ("9-unmarked", MMU, "	return pfn >= MAX_P2M_PFN;", "	return pfn > MAX_P2M_PFN + 9;"),
    (
        "9-unmarked",
        MMU,
        "		if (pfn >= MAX_P2M_PFN)\n			return false;",
        "		if (pfn >= MAX_P2M_PFN)\n			break;",
    ),
    ("9-unmarked", MMU, "(get_phys_to_machine(pfn) == INVALID_P2M_ENTRY &&\n", "(1 &&\n"),
    ("9-old", MMU, "	return xen_initial_domain() &&\n		xen_pfn", "	return 1 &&\n		xen_pfn"),
    ("9-old", MMU, "	if (!pte_is_past_p2m(pte))\n", "	if (!pte_is_past_p2m(pte) && !(pte & 1024))\n"),
    ("9-old", MMU, "		xen_pfn_past_p2m((val &", "		xen_pfn_past_p2m(val & 1024 ? ~0UL : (val &"),
    (
        "10-translated",
        MMU,
        "		return true;\n\n	for (pfn = start; pfn < end; pfn++) {\n		if (pfn >= MAX",
        "		return false;\n\n	for (pfn = start; pfn < end; pfn++) {\n		if (pfn >= MAX",
    ),
    ("9-foreign", MMU, "&& !pte_has_pfn(pteval))", "&& !pte_has_pfn(pteval) && 0)"),
    (
        "10-mapped",
        MMU,
        "&& !pte_has_pfn(pteval))",
        "&& !pte_has_pfn(pteval) &&\n	    (pteval & PTE_PFN_MASK) >= ISA_END_ADDRESS)",
    ),
]


@pytest.mark.parametrize(("name", "path", "old", "new"), IOMAP_SLIPS)
def test_a_slip_in_iomap_is_seen(
    unmarked: PatchedTree, prove_cache: Cache, arch: str, name: str, path: str, old: str, new: str
) -> None:
    text = unmarked.changed[path]
    assert text is not None and text.count(old.encode()) == 1, old
    slipped = PatchedTree(unmarked.base, {**unmarked.changed, path: text.replace(old.encode(), new.encode())})
    assert judged(slipped, arch, prove_cache, name).status in (Status.FAIL, Status.ABSENT)


def test_each_property_has_a_slip_that_it_catches() -> None:
    caught = {name for name, *_ in IOMAP_SLIPS}
    assert {each.id for each in PROPERTIES} == SLIPS.keys() | BROKEN.keys() | caught | {"9-granted"}


@pytest.mark.parametrize("name", list(SLIPS))
def test_a_slip_is_seen(scheme: PatchedTree, prove_cache: Cache, arch: str, name: str) -> None:
    if name == "8-high" and arch == "i386":
        pytest.skip("i386 has no high mapping")
    path, old, new = SLIPS[name]
    text = scheme.changed[path]
    assert text is not None and text.count(old.encode()) == 1, old
    slipped = PatchedTree(scheme.base, {**scheme.changed, path: text.replace(old.encode(), new.encode())})
    found = judged(slipped, arch, prove_cache, name)
    assert found.status in (Status.FAIL, Status.ABSENT), found


CONFIRMED = "		pfn = m2p_find_override_pfn(mfn, confirm_pfn(pfn, mfn));\n"


@pytest.mark.parametrize(
    ("slip", "seen"),
    [
        (CONFIRMED, {}),
        (  # confirmed after the override, which takes the page's PFN away
            "		pfn = m2p_find_override_pfn(mfn, pfn);\n	pfn = confirm_pfn(pfn, mfn);\n",
            {"9-granted": Status.FAIL},
        ),
        ("		pfn = m2p_find_override_pfn(mfn, pfn);\n", {"1-back": Status.ABSENT}),
        ("		pfn = confirm_pfn(pfn, mfn);\n", {"9-granted": Status.ABSENT}),
    ],
)
def test_a_granted_frame_keeps_its_page(
    granting: PatchedTree, prove_cache: Cache, arch: str, slip: str, seen: dict[str, Status]
) -> None:
    text = granting.changed[PAGE]
    assert text is not None and text.count(CONFIRMED.encode()) == 1
    slipped = PatchedTree(granting.base, {**granting.changed, PAGE: text.replace(CONFIRMED.encode(), slip.encode())})
    found = {name: judged(slipped, arch, prove_cache, name).status for name in ("1-back", "9-granted")}
    assert found == {"1-back": Status.PASS, "9-granted": Status.PASS, **seen}


def test_a_wrong_value_is_traced_to_who_stored_it(scheme: PatchedTree, prove_cache: Cache, arch: str) -> None:
    """Also where a shared leaf says it: then it is the line that put the leaf there."""
    text = scheme.changed[SETUP]
    assert text is not None
    slip = b"		set_phys_range_identity(start, end + 1);\n"
    slipped = text.replace(b"			set_phys_range_identity(start, end);\n", slip)
    assert slipped != text
    tree = PatchedTree(scheme.base, {**scheme.changed, SETUP: slipped})
    found = Prover(Request((arch,), 60, 1, ("11-walk",)), prove_cache).proof(tree, arch).verdicts[0]
    assert found.counterexample is not None
    assert found.counterexample.place.startswith(f"last stored by {MMU}:")
    assert "in p2m_set_range()" in found.counterexample.place
