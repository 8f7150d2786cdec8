// SPDX-License-Identifier: GPL-2.0
/* The frames of the grant table belong to Xen: the P2M doesn't have them. */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include <xen/page.h>

static int map_pte_fn(pte_t *pte, struct page *pmd_page,
		      unsigned long addr, void *data)
{
	unsigned long **frames = (unsigned long **)data;

	set_pte_at(&init_mm, addr, pte, mfn_pte((*frames)[0], PAGE_KERNEL));
	(*frames)++;
	return 0;
}

int arch_gnttab_map_shared(unsigned long *frames, unsigned long nr_gframes,
			   unsigned long max_nr_gframes,
			   void **__shared)
{
	void *shared = *__shared;

	if (shared == NULL) {
		struct vm_struct *area =
			alloc_vm_area(PAGE_SIZE * max_nr_gframes);

		BUG_ON(area == NULL);
		shared = area->addr;
		*__shared = shared;
	}

	return apply_to_page_range(&init_mm, (unsigned long)shared,
				   PAGE_SIZE * nr_gframes,
				   map_pte_fn, &frames);
}
