static void p2m_mid_identity_init(unsigned long **mid)
{
	unsigned int i;

	for (i = 0; i < P2M_MID_PER_PAGE; i++)
		mid[i] = p2m_identity;
}

static void p2m_mid_identity_mfn_init(unsigned long *mid)
{
	unsigned int i;

	for (i = 0; i < P2M_MID_PER_PAGE; i++)
		mid[i] = virt_to_mfn(p2m_identity);
}

/* Nothing is ever stored in the leaves that many parts of the tree share. */
static inline bool p2m_is_shared(unsigned long *leaf)
{
	return leaf == p2m_missing || leaf == p2m_identity;
}

static inline bool p2m_is_shared_mid_mfn(unsigned long *mid_mfn)
{
	return mid_mfn == p2m_mid_missing_mfn ||
		mid_mfn == p2m_mid_identity_mfn;
}
