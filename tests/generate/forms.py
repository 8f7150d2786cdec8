"""The forms that mfn_to_pfn() has had, of the miniature tree's page.h."""

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
