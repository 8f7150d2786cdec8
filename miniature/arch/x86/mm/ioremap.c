// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory in the kernel's address space.
 */
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pfn.h>
#include <linux/vmalloc.h>

#include <asm/e820.h>
#include <asm/fixmap.h>
#include <asm/io.h>
#include <asm/pat.h>
#include <asm/pgtable.h>

static void __iomem *__ioremap_caller(resource_size_t phys_addr,
		unsigned long size, unsigned long prot_val)
{
	unsigned long offset, vaddr;
	resource_size_t last_addr;
	struct vm_struct *area;
	pgprot_t prot;

	last_addr = phys_addr + size - 1;
	if (!size || last_addr < phys_addr)
		return NULL;

	/* Always mapped, and never moved */
	if (is_ISA_range(phys_addr, last_addr))
		return (__force void __iomem *)phys_to_virt(phys_addr);

	offset = phys_addr & ~PAGE_MASK;
	phys_addr &= PHYSICAL_PAGE_MASK;
	size = PAGE_ALIGN(last_addr + 1) - phys_addr;

	switch (prot_val) {
	case _PAGE_CACHE_UC:
	default:
		prot = PAGE_KERNEL_IO_NOCACHE;
		break;
	case _PAGE_CACHE_UC_MINUS:
		prot = PAGE_KERNEL_IO_UC_MINUS;
		break;
	case _PAGE_CACHE_WC:
		prot = PAGE_KERNEL_IO_WC;
		break;
	case _PAGE_CACHE_WB:
		prot = PAGE_KERNEL_IO;
		break;
	}

	area = alloc_vm_area(size);
	if (!area)
		return NULL;
	area->phys_addr = phys_addr;
	vaddr = (unsigned long)area->addr;

	if (ioremap_page_range(vaddr, vaddr + size, phys_addr, prot)) {
		free_vm_area(area);
		return NULL;
	}

	return (void __iomem *)(vaddr + offset);
}

void __iomem *ioremap_nocache(resource_size_t phys_addr, unsigned long size)
{
	return __ioremap_caller(phys_addr, size, _PAGE_CACHE_UC_MINUS);
}
EXPORT_SYMBOL(ioremap_nocache);

void __iomem *ioremap_wc(resource_size_t phys_addr, unsigned long size)
{
	if (pat_enabled)
		return __ioremap_caller(phys_addr, size, _PAGE_CACHE_WC);
	else
		return ioremap_nocache(phys_addr, size);
}
EXPORT_SYMBOL(ioremap_wc);

void __iomem *ioremap_cache(resource_size_t phys_addr, unsigned long size)
{
	return __ioremap_caller(phys_addr, size, _PAGE_CACHE_WB);
}
EXPORT_SYMBOL(ioremap_cache);

#ifdef CONFIG_NEVER_SET
/* No configuration builds this: who looks for uses must read it as text. */
void __iomem *ioremap_raw(resource_size_t phys_addr, unsigned long size)
{
	return __ioremap_caller(phys_addr, size,
				_PAGE_CACHE_UC | _PAGE_IOMAP);
}
#endif

/* Before there is an allocator: fixed slots, given out one after another */
static int next_slot __initdata;

static void __iomem * __init
__early_ioremap(resource_size_t phys_addr, unsigned long size, pgprot_t prot)
{
	unsigned long offset = phys_addr & ~PAGE_MASK;
	unsigned int nrpages = PFN_UP(offset + size);
	unsigned int idx0, i;

	if (WARN_ON(next_slot >= FIX_BTMAPS_SLOTS) ||
	    WARN_ON(!nrpages || nrpages > NR_FIX_BTMAPS))
		return NULL;

	idx0 = FIX_BTMAP_BEGIN - NR_FIX_BTMAPS * next_slot++;
	for (i = 0; i < nrpages; i++)
		__set_fixmap(idx0 - i, (phys_addr & PAGE_MASK) +
			     i * PAGE_SIZE, prot);

	return (void __iomem *)(fix_to_virt(idx0) + offset);
}

void __iomem * __init
early_ioremap(resource_size_t phys_addr, unsigned long size)
{
	return __early_ioremap(phys_addr, size, PAGE_KERNEL_IO);
}

void __iomem * __init
early_memremap(resource_size_t phys_addr, unsigned long size)
{
	return __early_ioremap(phys_addr, size, PAGE_KERNEL);
}
