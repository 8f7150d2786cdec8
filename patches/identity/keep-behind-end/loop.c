while (++pmd <= pmd_offset(pud, (unsigned long)_end - 1)) {
	/*
	 * Where _end is inside of a PMD that head_64.S did not
	 * set up, as that is no large page, then Xen did, and
	 * maps there what comes next: ramdisk and P2M.
	 */
	if (pmd == pmd_offset(pud, (unsigned long)_end) &&
	    !pmd_large(*pmd))
		break;
	pmd_clear(pmd);
}
