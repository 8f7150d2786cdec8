"""The forms that functions of the P2M have had, made of the miniature tree's files."""

from __future__ import annotations

BOUND = """\
	if (unlikely((mfn >> machine_to_phys_order) != 0))
		return ~0;

"""
LAST = """\
	__get_user(pfn, &machine_to_phys_mapping[mfn]);

	return pfn;
"""
PROTOTYPE = "extern bool set_phys_to_machine(unsigned long pfn, unsigned long mfn);\n"
FINDS = "extern unsigned long m2p_find_override_pfn(unsigned long mfn, unsigned long pfn);\n"
FIND = """
/* No page has a frame of somebody else's. */
unsigned long m2p_find_override_pfn(unsigned long mfn, unsigned long pfn)
{
	return pfn;
}
"""


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


def early_page(text: str) -> str:
    """Before Xen's table had a known end."""
    return replaced(text, BOUND, f"#if 0\n{BOUND.rstrip().replace('~0', 'max_mapnr')}\n#endif\n\n")


def unbounded_page(text: str) -> str:
    return replaced(text, BOUND, "")


def overriding_page(text: str) -> str:
    """With m2p overrides, and a test for the end of the table."""
    text = replaced(text, PROTOTYPE, PROTOTYPE + FINDS)
    override = "\tif (get_phys_to_machine(pfn) != mfn)\n\t\tpfn = m2p_find_override_pfn(mfn, pfn);\n\n"
    return replaced(text, LAST, LAST.replace("\treturn pfn;", f"{override}\treturn pfn;"))


def granting_page(text: str) -> str:
    """As 2.6.38."""
    return unbounded_page(overriding_page(text))


MASKED = "\tu64 size = (u64)pages * PAGE_SIZE;\n"
GROWN = "\txen_max_p2m_pfn = PFN_DOWN(extra_start + size);\n"
STORED = """
\tfor (pfn = PFN_DOWN(extra_start); pfn <= xen_max_p2m_pfn; pfn++)
\t\t__set_phys_to_machine(pfn, INVALID_P2M_ENTRY);
"""
LEAF = "\n\t\tp2m_top[topidx][mididx] = &mfn_list[pfn];\n"


def storing_setup(text: str) -> str:
    """Each PFN of the balloon's region is stored as missing, as far as there are pages to store it in."""
    text = replaced(text, MASKED, "\tunsigned long pfn;\n\n" + MASKED)
    return replaced(text, GROWN, GROWN + STORED)


def filling_mmu(text: str) -> str:
    """What lies behind the list is marked in the list's last page."""
    fill = """
\t\tif (unlikely(pfn + P2M_PER_PAGE > max_pfn)) {
\t\t\tunsigned long p2midx;

\t\t\tp2midx = max_pfn % P2M_PER_PAGE;
\t\t\tfor ( ; p2midx < P2M_PER_PAGE; p2midx++)
\t\t\t\tmfn_list[pfn + p2midx] = INVALID_P2M_ENTRY;
\t\t}
"""
    return replaced(text, LEAF, fill + LEAF[1:])


def copying_mmu(text: str) -> str:
    """The last leaf is a page of its own, of the list's entries and missing ones."""
    copy = """
\t\tif (unlikely(pfn + P2M_PER_PAGE > max_pfn)) {
\t\t\tunsigned long p2midx;
\t\t\tunsigned long *p2m = extend_brk(PAGE_SIZE, PAGE_SIZE);
\t\t\tp2m_init(p2m);

\t\t\tfor (p2midx = 0; pfn + p2midx < max_pfn; p2midx++) {
\t\t\t\tp2m[p2midx] = mfn_list[pfn + p2midx];
\t\t\t}
\t\t\tp2m_top[topidx][mididx] = p2m;
\t\t} else
\t\t\tp2m_top[topidx][mididx] = &mfn_list[pfn];
"""
    return replaced(text, LEAF, copy)
