/*
 * Can the P2M tell what @pfn is?  Past its end it cannot.  Nor can it where an
 * unprivileged domain has nothing: a device that was passed through may have
 * its registers there.
 */
bool xen_p2m_knows(unsigned long pfn)
{
	if (xen_feature(XENFEAT_auto_translated_physmap) || pfn >= MAX_P2M_PFN)
		return false;

	return xen_initial_domain() ||
		get_phys_to_machine(pfn) != INVALID_P2M_ENTRY;
}
