/*
 * An end of a range takes a leaf, a mid page and its page of MFNs at most.  An
 * entry of the E820 has two ends.  Eight more are enough for those that are
 * not in the E820: of the domain's RAM, the balloon's region, the ISA range.
 */
#define P2M_RANGE_ENDS	(2 * E820MAX + 8)
RESERVE_BRK(p2m_ranges, PAGE_SIZE * 3 * P2M_RANGE_ENDS);

static void __init p2m_hook_mid(unsigned int topidx, unsigned long **mid,
				unsigned long *mid_mfn)
{
	p2m_top[topidx] = mid;
	p2m_top_mfn_p[topidx] = mid_mfn;
	p2m_top_mfn[topidx] = virt_to_mfn(mid_mfn);
}

static void __init p2m_hook_leaf(unsigned int topidx, unsigned int mididx,
				 unsigned long *leaf)
{
	p2m_top[topidx][mididx] = leaf;
	p2m_top_mfn_p[topidx][mididx] = virt_to_mfn(leaf);
}

/* Like alloc_p2m(), but with pages of the brk: there is no other allocator. */
static void __init p2m_split_mid_early(unsigned int topidx)
{
	unsigned long **mid = extend_brk(PAGE_SIZE, PAGE_SIZE);
	unsigned long *mid_mfn = extend_brk(PAGE_SIZE, PAGE_SIZE);

	copy_page(mid, p2m_top[topidx]);
	copy_page(mid_mfn, p2m_top_mfn_p[topidx]);
	p2m_hook_mid(topidx, mid, mid_mfn);
}

static void __init p2m_split_leaf_early(unsigned long pfn)
{
	unsigned int topidx = p2m_top_index(pfn);
	unsigned int mididx = p2m_mid_index(pfn);
	unsigned long *leaf = extend_brk(PAGE_SIZE, PAGE_SIZE);

	if (p2m_top[topidx][mididx] == p2m_identity)
		p2m_init_identity(leaf, pfn);
	else
		p2m_init(leaf);
	p2m_hook_leaf(topidx, mididx, leaf);
}

/*
 * Make all PFNs from @start up to, but not including, @end identity or missing.
 * A mid page or a leaf that is in the range as a whole is replaced by the
 * shared one.  Entries are stored at the two ends only.
 *
 * This is for boot: it takes no care of other CPUs.  The tree of MFNs is kept
 * in step, so xen_build_mfn_list_list() must have been called.
 */
static unsigned long __init p2m_set_range(unsigned long start,
					  unsigned long end, bool identity)
{
	const unsigned long per_mid = P2M_MID_PER_PAGE * P2M_PER_PAGE;
	unsigned long **mid = identity ? p2m_mid_identity : p2m_mid_missing;
	unsigned long *mid_mfn = identity ? p2m_mid_identity_mfn :
					    p2m_mid_missing_mfn;
	unsigned long *leaf = identity ? p2m_identity : p2m_missing;
	unsigned long pfn, next;

	if (xen_feature(XENFEAT_auto_translated_physmap))
		return 0;

	end = min(end, MAX_P2M_PFN);
	for (pfn = start; pfn < end; pfn = next) {
		unsigned int topidx = p2m_top_index(pfn);
		unsigned int mididx = p2m_mid_index(pfn);

		/* Nothing to do where the shared page is there already */
		next = min(end, pfn - pfn % per_mid + per_mid);
		if (p2m_top[topidx] == mid)
			continue;
		if (next - pfn == per_mid) {
			p2m_hook_mid(topidx, mid, mid_mfn);
			continue;
		}
		if (p2m_is_shared_mid(p2m_top[topidx]))
			p2m_split_mid_early(topidx);

		next = min(end, pfn - p2m_index(pfn) + P2M_PER_PAGE);
		if (p2m_top[topidx][mididx] == leaf)
			continue;
		if (next - pfn == P2M_PER_PAGE) {
			p2m_hook_leaf(topidx, mididx, leaf);
			continue;
		}
		if (p2m_is_shared(p2m_top[topidx][mididx]))
			p2m_split_leaf_early(pfn);

		for (; pfn < next; pfn++)
			p2m_top[topidx][mididx][p2m_index(pfn)] = identity ?
				IDENTITY_FRAME(pfn) : INVALID_P2M_ENTRY;
	}

	return start < end ? end - start : 0;
}

/*
 * Make each PFN from @start up to, but not including, @end its own MFN.
 * Returns their number, without those past the end of the P2M.
 */
unsigned long __init set_phys_range_identity(unsigned long start,
					     unsigned long end)
{
	return p2m_set_range(start, end, true);
}

/* The same for PFNs that have no frame, or have one no longer. */
unsigned long __init set_phys_range_missing(unsigned long start,
					    unsigned long end)
{
	return p2m_set_range(start, end, false);
}
