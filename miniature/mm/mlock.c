// SPDX-License-Identifier: GPL-2.0
/* Pages that must stay. */
#include <linux/mm.h>

/* Returns the number of pages that the caller has to uncount again. */
long mlock_vma_pages_range(struct vm_area_struct *vma,
			   unsigned long start, unsigned long end)
{
	long nr_pages = (end - start) / PAGE_SIZE;

	BUG_ON(!(vma->vm_flags & VM_LOCKED));

	/* A device's memory stays anyway. */
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		goto no_mlock;

	make_pages_present(start, end);

	if (!(vma->vm_flags & VM_SPECIAL))
		return 0;

no_mlock:
	vma->vm_flags &= ~VM_LOCKED;
	return nr_pages;
}
