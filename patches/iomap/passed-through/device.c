/*
 * A device that was passed through is at the PFNs from @start up to, but not
 * including, @end, of which the E820 told nothing.  Where there is RAM it
 * stays.  Returns false if memory runs out, or past the end of the P2M.
 */
bool xen_add_device_range(unsigned long start, unsigned long end)
{
	unsigned long pfn;

	if (xen_feature(XENFEAT_auto_translated_physmap))
		return true;

	for (pfn = start; pfn < end; pfn++) {
		if (pfn >= MAX_P2M_PFN)
			return false;
		if (get_phys_to_machine(pfn) == INVALID_P2M_ENTRY &&
		    !set_phys_to_machine(pfn, IDENTITY_FRAME(pfn)))
			return false;
	}

	return true;
}
EXPORT_SYMBOL_GPL(xen_add_device_range);
