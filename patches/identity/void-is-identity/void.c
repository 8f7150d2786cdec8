/*
 * The mid page for parts of the tree in which nothing was ever stored.  In the
 * initial domain a device may be there.  Any other domain must not map frames
 * that it was not given, so there these PFNs are missing.
 */
static unsigned long **p2m_mid_void(void)
{
	return xen_initial_domain() ? p2m_mid_identity : p2m_mid_missing;
}
