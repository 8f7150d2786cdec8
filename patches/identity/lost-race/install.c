/*
 * Put @page where the shared page @shared is.  Another CPU may have been
 * first: then @page is freed.  Returns the page that is there now.
 */
static void *p2m_install(void *slot, void *shared, void *page)
{
	static bool told;
	void *there = cmpxchg((void **)slot, shared, page);

	if (there == shared)
		return page;

	if (!told) {
		told = true;
		pr_info("xen: lost a race to extend the P2M\n");
	}
	free_p2m_page(page);

	return there;
}
