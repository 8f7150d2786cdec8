while (++pmd <= pmd_offset(pud, (unsigned long)_end - 1)) {
	/*
	 * _end may lie inside this PMD.  A large page is from
	 * head_64.S, and goes.  A page table is from Xen, which
	 * maps the ramdisk and the P2M with it, too.
	 */
	if (pmd == pmd_offset(pud, (unsigned long)_end) &&
	    !pmd_large(*pmd))
		break;
	pmd_clear(pmd);
}
