/* Like pfn_to_mfn(), but keeps IDENTITY_FRAME_BIT and FOREIGN_FRAME_BIT */
static inline unsigned long __pfn_to_mfn(unsigned long pfn)
{
	if (xen_feature(XENFEAT_auto_translated_physmap))
		return pfn;

	return get_phys_to_machine(pfn);
}
