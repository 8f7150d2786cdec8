/*
 * Is this PFN its own MFN?  True of devices and firmware, not of RAM whose MFN
 * happens to be equal to its PFN.
 */
static inline int pfn_is_identity(unsigned long pfn)
{
	if (xen_feature(XENFEAT_auto_translated_physmap))
		return 0;	/* there is no P2M to ask */

	return get_phys_to_machine(pfn) == IDENTITY_FRAME(pfn);
}

/*
 * @pfn is what Xen's table has for @mfn.  If @mfn is RAM of ours then the P2M
 * agrees.  Of a device's frame the table knows nothing, or something stale;
 * the P2M knows if it is mapped 1-1.
 */
static inline unsigned long confirm_pfn(unsigned long pfn, unsigned long mfn)
{
	if (get_phys_to_machine(pfn) != mfn && pfn_is_identity(mfn))
		return mfn;

	return pfn;
}
