/* Returns true if @pfn is past all that the P2M can hold. */
bool xen_pfn_past_p2m(unsigned long pfn)
{
	return pfn >= MAX_P2M_PFN;
}
