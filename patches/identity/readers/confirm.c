/*
 * Returns true if @pfn is its own MFN: a device, or what the firmware has
 * reserved.  RAM whose MFN happens to be equal to its PFN is not identity.
 */
static inline bool pfn_is_identity(unsigned long pfn)
{
	/* An auto-translated guest has no P2M of its own. */
	if (xen_feature(XENFEAT_auto_translated_physmap))
		return false;

	return get_phys_to_machine(pfn) == IDENTITY_FRAME(pfn);
}

/*
 * @pfn is what machine_to_phys_mapping has for @mfn.  The P2M agrees if @mfn
 * is RAM of this domain.  For the frame of a device there is no entry, or a
 * stale one; the P2M knows whether it is mapped 1-1.
 */
static inline unsigned long confirm_pfn(unsigned long pfn, unsigned long mfn)
{
	if (get_phys_to_machine(pfn) != mfn && pfn_is_identity(mfn))
		return mfn;

	return pfn;
}
