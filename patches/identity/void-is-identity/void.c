/*
 * What a PFN means that nothing was ever stored for.  The initial domain
 * finds the machine's devices there.  Any other domain has no business with
 * frames that it was not given, so to it there is nothing.
 */
static unsigned long **p2m_mid_void(void)
{
	return xen_initial_domain() ? p2m_mid_identity : p2m_mid_missing;
}
