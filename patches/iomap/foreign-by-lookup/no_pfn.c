/*
 * The frames of other domains, and of Xen, have no PFN.  In the value of a PTE
 * such a frame goes by its MFN with this bit set.  That is past all PFNs, so
 * nobody takes it for a page of ours, and where a PTE is read, modified and
 * made again, as by mprotect(), the frame stays the same.  The bit is 32 TiB on
 * 64 bits; on 32 bits it is 8 TiB, where FOREIGN_FRAME_BIT is in the P2M.
 */
#define PTE_NO_PFN	((pteval_t)1 << (__PHYSICAL_MASK_SHIFT - 1))

/* Returns true if the frame of a PTE has a PFN: RAM, a grant, or a device. */
static bool pte_has_pfn(pteval_t val)
{
	unsigned long mfn = (val & PTE_PFN_MASK) >> PAGE_SHIFT;

	return pfn_to_mfn(mfn_to_pfn(mfn)) == mfn;
}
