/*
 * A shared page stands for many parts of the tree.  To give one PFN another
 * meaning, alloc_p2m() first puts a copy in its place there, in which all
 * other PFNs keep theirs.
 */
static inline bool p2m_is_shared_mid(unsigned long **mid)
{
	return mid == p2m_mid_missing || mid == p2m_mid_identity;
}

/* Make @p2m say what p2m_identity says where it is the leaf of @pfn. */
static void p2m_init_identity(unsigned long *p2m, unsigned long pfn)
{
	unsigned int i;

	pfn -= p2m_index(pfn);
	for (i = 0; i < P2M_PER_PAGE; i++)
		p2m[i] = IDENTITY_FRAME(pfn + i);
}
