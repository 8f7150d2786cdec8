/*
 * Returns true if the P2M decides how @pfn is mapped.  It does not past its
 * end, nor where an unprivileged domain has no frame: a device that was passed
 * through may be there, and only the caller's _PAGE_IOMAP tells.
 */
bool xen_p2m_knows(unsigned long pfn)
{
	if (xen_feature(XENFEAT_auto_translated_physmap) || pfn >= MAX_P2M_PFN)
		return false;

	return xen_initial_domain() ||
		get_phys_to_machine(pfn) != INVALID_P2M_ENTRY;
}
