static inline bool p2m_is_shared_mid(unsigned long **mid)
{
	return mid == p2m_mid_missing || mid == p2m_mid_identity;
}

/* What the shared leaf only stands for, entry by entry: @pfn is in it. */
static void p2m_init_identity(unsigned long *p2m, unsigned long pfn)
{
	unsigned int i;

	pfn -= p2m_index(pfn);
	for (i = 0; i < P2M_PER_PAGE; i++)
		p2m[i] = IDENTITY_FRAME(pfn + i);
}
