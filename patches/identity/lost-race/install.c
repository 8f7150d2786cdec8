/*
 * Replace the shared page @shared in @slot by @page.  If another CPU was
 * faster then @page is freed.  Returns the page that is in @slot now.
 */
static void *p2m_install(void *slot, void *shared, void *page)
{
	void *old = cmpxchg((void **)slot, shared, page);

	if (old == shared)
		return page;

	printk_once(KERN_INFO "xen: lost a race to extend the P2M\n");
	free_p2m_page(page);

	return old;
}
