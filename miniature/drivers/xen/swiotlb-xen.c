// SPDX-License-Identifier: GPL-2.0
/* DMA by devices that can't reach all of the memory. */
#include <linux/module.h>
#include <linux/pfn.h>

#include <asm/io.h>

#include <xen/page.h>

static char *xen_io_tlb_start, *xen_io_tlb_end;

/* Was this done by way of our buffer? */
int is_xen_swiotlb_buffer(dma_addr_t dma_addr)
{
	unsigned long mfn = PFN_DOWN(dma_addr);
	unsigned long pfn = mfn_to_local_pfn(mfn);
	phys_addr_t paddr;

	/* With another domain's frame there is no PFN to compare. */
	if (pfn_valid(pfn)) {
		paddr = PFN_PHYS(pfn);
		return paddr >= virt_to_phys(xen_io_tlb_start) &&
		       paddr < virt_to_phys(xen_io_tlb_end);
	}
	return 0;
}
EXPORT_SYMBOL_GPL(is_xen_swiotlb_buffer);
