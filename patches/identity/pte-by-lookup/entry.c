/* Like pfn_to_mfn(), with the bits that say what kind of frame it is */
static inline unsigned long __pfn_to_mfn(unsigned long pfn)
{
	if (xen_feature(XENFEAT_auto_translated_physmap))
		return pfn;

	return get_phys_to_machine(pfn);
}
