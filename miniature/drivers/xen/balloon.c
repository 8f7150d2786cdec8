// SPDX-License-Identifier: GPL-2.0
/*
 * The balloon: memory that is lent back to Xen, page by page.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/gfp.h>
#include <linux/pfn.h>

#include <asm/tlbflush.h>
#include <asm/e820.h>
#include <asm/xen/hypervisor.h>
#include <asm/xen/hypercall.h>

#include <xen/xen.h>
#include <xen/interface/memory.h>
#include <xen/features.h>
#include <xen/page.h>

static struct {
	unsigned long current_pages;	/* with a frame */
	unsigned long ballooned_pages;	/* without */
} balloon_stats;

/* As many frames as fit in a page go by one hypercall. */
static unsigned long frame_list[PAGE_SIZE / sizeof(unsigned long)];

static struct page *ballooned;

#define GFP_BALLOON	(GFP_HIGHUSER | __GFP_NOWARN | __GFP_NORETRY)

static void balloon_append(struct page *page)
{
	page->next = ballooned;
	ballooned = page;
	balloon_stats.ballooned_pages++;
}

static struct page *balloon_retrieve(void)
{
	struct page *page = ballooned;

	BUG_ON(page == NULL);
	ballooned = page->next;
	balloon_stats.ballooned_pages--;

	return page;
}

static int increase_reservation(unsigned long nr_pages)
{
	unsigned long pfn, i;
	struct page *page;
	long rc;
	struct xen_memory_reservation reservation = {
		.address_bits = 0,
		.extent_order = 0,
		.domid        = DOMID_SELF
	};

	if (nr_pages > ARRAY_SIZE(frame_list))
		nr_pages = ARRAY_SIZE(frame_list);

	/* Xen reads PFNs from the list, and leaves MFNs in it. */
	page = ballooned;
	for (i = 0; i < nr_pages; i++, page = page->next) {
		BUG_ON(page == NULL);
		frame_list[i] = page_to_pfn(page);
	}

	set_xen_guest_handle(reservation.extent_start, frame_list);
	reservation.nr_extents = nr_pages;
	rc = HYPERVISOR_memory_op(XENMEM_populate_physmap, &reservation);
	if (rc < 0)
		return rc;

	for (i = 0; i < rc; i++) {
		page = balloon_retrieve();
		pfn = page_to_pfn(page);
		BUG_ON(!xen_feature(XENFEAT_auto_translated_physmap) &&
		       phys_to_machine_mapping_valid(pfn));

		set_phys_to_machine(pfn, frame_list[i]);

		if (pfn < max_low_pfn &&
		    HYPERVISOR_update_va_mapping(
				(unsigned long)__va(pfn << PAGE_SHIFT),
				mfn_pte(frame_list[i], PAGE_KERNEL), 0))
			BUG();

		ClearPageReserved(page);
		page->_count = 1;
		__free_page(page);
	}

	balloon_stats.current_pages += rc;

	return rc != nr_pages;
}

static int decrease_reservation(unsigned long nr_pages)
{
	unsigned long pfn, i;
	struct page *page;
	int need_sleep = 0;
	int ret;
	struct xen_memory_reservation reservation = {
		.address_bits = 0,
		.extent_order = 0,
		.domid        = DOMID_SELF
	};

	if (nr_pages > ARRAY_SIZE(frame_list))
		nr_pages = ARRAY_SIZE(frame_list);

	for (i = 0; i < nr_pages; i++) {
		page = alloc_page(GFP_BALLOON);
		if (page == NULL) {
			nr_pages = i;
			need_sleep = 1;
			break;
		}

		pfn = page_to_pfn(page);
		frame_list[i] = pfn_to_mfn(pfn);

		if (!PageHighMem(page) &&
		    HYPERVISOR_update_va_mapping(
				(unsigned long)__va(pfn << PAGE_SHIFT),
				__pte_ma(0), 0))
			BUG();
	}

	kmap_flush_unused();
	flush_tlb_all();

	/* Nothing maps them any more: forget the frames. */
	for (i = 0; i < nr_pages; i++) {
		pfn = mfn_to_pfn(frame_list[i]);
		set_phys_to_machine(pfn, INVALID_P2M_ENTRY);
		balloon_append(pfn_to_page(pfn));
	}

	set_xen_guest_handle(reservation.extent_start, frame_list);
	reservation.nr_extents = nr_pages;
	ret = HYPERVISOR_memory_op(XENMEM_decrease_reservation, &reservation);
	BUG_ON(ret != nr_pages);

	balloon_stats.current_pages -= nr_pages;

	return need_sleep;
}

/* Go there; non-zero if there is a rest.  For one caller at a time. */
int balloon_set_new_target(unsigned long target)
{
	int need_sleep = 0;
	long credit;

	target = min(target, balloon_stats.current_pages +
		     balloon_stats.ballooned_pages);
	do {
		credit = target - balloon_stats.current_pages;
		if (credit > 0)
			need_sleep = increase_reservation(credit);
		if (credit < 0)
			need_sleep = decrease_reservation(-credit);
	} while (credit != 0 && !need_sleep);

	return need_sleep;
}
EXPORT_SYMBOL_GPL(balloon_set_new_target);

static int __init balloon_init(void)
{
	unsigned long pfn, extra_pfn_end;

	if (!xen_pv_domain())
		return -ENODEV;

	balloon_stats.current_pages = min(xen_start_info->nr_pages, max_pfn);

	/* The extra memory begins its life in the balloon. */
	extra_pfn_end = min(min(max_pfn, e820_end_of_ram_pfn()),
			    (unsigned long)PFN_DOWN(xen_extra_mem_start +
						    xen_extra_mem_size));
	for (pfn = PFN_UP(xen_extra_mem_start); pfn < extra_pfn_end; pfn++)
		balloon_append(pfn_to_page(pfn));

	return 0;
}
subsys_initcall(balloon_init);
