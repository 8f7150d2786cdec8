/*
 * Past the end of the P2M there is no RAM.  What the initial domain maps there
 * is a device, so it is 1-1, as void parts of the P2M are.
 */
static bool pte_is_past_p2m(pteval_t val)
{
	return xen_initial_domain() &&
		xen_pfn_past_p2m((val & PTE_PFN_MASK) >> PAGE_SHIFT);
}
