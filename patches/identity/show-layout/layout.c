#ifdef CONFIG_XEN_DEBUG_FS

enum p2m_kind { P2M_RAM, P2M_FOREIGN, P2M_IDENTITY, P2M_MISSING, P2M_KINDS };

static const char * const p2m_kind_names[P2M_KINDS] = {
	"RAM", "foreign", "identity", "missing"
};

/* Returns the kind of @pfn.  The next *@span PFNs, with @pfn, are all of it. */
static enum p2m_kind p2m_kind_of(unsigned long pfn, unsigned long *span)
{
	const unsigned long per_mid = P2M_MID_PER_PAGE * P2M_PER_PAGE;
	unsigned long **mid = ACCESS_ONCE(p2m_top[p2m_top_index(pfn)]);
	unsigned long *leaf, entry;

	*span = per_mid - pfn % per_mid;
	if (mid == p2m_mid_identity)
		return P2M_IDENTITY;
	if (mid == p2m_mid_missing)
		return P2M_MISSING;

	leaf = ACCESS_ONCE(mid[p2m_mid_index(pfn)]);
	*span = P2M_PER_PAGE - p2m_index(pfn);
	if (leaf == p2m_identity)
		return P2M_IDENTITY;
	if (leaf == p2m_missing)
		return P2M_MISSING;

	entry = ACCESS_ONCE(leaf[p2m_index(pfn)]);
	*span = 1;
	if (entry == INVALID_P2M_ENTRY)
		return P2M_MISSING;
	if (entry & IDENTITY_FRAME_BIT)
		return P2M_IDENTITY;
	return entry & FOREIGN_FRAME_BIT ? P2M_FOREIGN : P2M_RAM;
}

/* The ranges, then the numbers of pages and of pointers to shared ones */
static int p2m_layout_show(struct seq_file *m, void *unused)
{
	unsigned long mids = 0, mids_identity = 0, mids_missing = 0;
	unsigned long leaves = 0, leaves_identity = 0, leaves_missing = 0;
	enum p2m_kind kind = P2M_KINDS;
	unsigned long pfn, span, start = 0;
	unsigned int topidx, mididx;

	seq_puts(m, "# first PFN, PFN past the last, kind\n");
	for (pfn = 0; pfn < MAX_P2M_PFN; pfn += span) {
		enum p2m_kind next = p2m_kind_of(pfn, &span);

		if (next != kind && pfn != 0)
			seq_printf(m, "%lx %lx %s\n", start, pfn,
				   p2m_kind_names[kind]);
		if (next != kind)
			start = pfn;
		kind = next;

		if (p2m_index(pfn) == 0)
			cond_resched();
	}
	seq_printf(m, "%lx %lx %s\n", start, pfn, p2m_kind_names[kind]);

	for (topidx = 0; topidx < P2M_TOP_PER_PAGE; topidx++) {
		unsigned long **mid = ACCESS_ONCE(p2m_top[topidx]);

		mids++;
		mids_identity += mid == p2m_mid_identity;
		mids_missing += mid == p2m_mid_missing;
		if (p2m_is_shared_mid(mid))
			continue;

		for (mididx = 0; mididx < P2M_MID_PER_PAGE; mididx++) {
			leaves++;
			leaves_identity += mid[mididx] == p2m_identity;
			leaves_missing += mid[mididx] == p2m_missing;
		}
	}
	seq_printf(m, "# mid pages: %lu; shared: %lu identity, %lu missing\n",
		   mids - mids_identity - mids_missing,
		   mids_identity, mids_missing);
	seq_printf(m, "# leaves: %lu; shared: %lu identity, %lu missing\n",
		   leaves - leaves_identity - leaves_missing,
		   leaves_identity, leaves_missing);

	return 0;
}

static int p2m_layout_open(struct inode *inode, struct file *file)
{
	return single_open(file, p2m_layout_show, NULL);
}

static const struct file_operations p2m_layout_fops = {
	.open		= p2m_layout_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int __init p2m_layout_debugfs(void)
{
	struct dentry *d_xen = xen_init_debugfs();

	if (!d_xen)
		return -ENOMEM;

	/* An auto-translated guest has no P2M of its own. */
	if (xen_pv_domain() && !xen_feature(XENFEAT_auto_translated_physmap))
		debugfs_create_file("p2m", 0400, d_xen, NULL, &p2m_layout_fops);

	return 0;
}
fs_initcall(p2m_layout_debugfs);

#endif	/* CONFIG_XEN_DEBUG_FS */
