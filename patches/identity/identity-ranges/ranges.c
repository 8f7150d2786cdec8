/*
 * Each end of a range takes a leaf, a mid page and its page of MFNs at most.
 * The E820 has two ends an entry, and some more come from what the domain was
 * given: its own end, the balloon's region, the ISA range.
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

/* As alloc_p2m() does it, but while there is only extend_brk() to ask. */
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
 * Give all PFNs from @start up to, but not including, @end one meaning.
 * Where that is a whole mid page or leaf, a pointer to a shared one does it;
 * only at the two ends are there entries to be stored.
 *
 * For boot, when nobody else can be at it, and after
 * xen_build_mfn_list_list() so that there are two trees to keep in step.
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

		/* What is shared in this meaning already needs nothing. */
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
 * Make the PFNs from @start up to @end their own MFNs.  Returns how many
 * there are; past the end of the P2M there are none.
 */
unsigned long __init set_phys_range_identity(unsigned long start,
					     unsigned long end)
{
	return p2m_set_range(start, end, true);
}

/* Likewise, for PFNs that have no frame, or have one no longer. */
unsigned long __init set_phys_range_missing(unsigned long start,
					    unsigned long end)
{
	return p2m_set_range(start, end, false);
}
