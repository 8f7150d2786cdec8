// SPDX-License-Identifier: GPL-2.0
/*
 * The mapping of all RAM.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>

#include <asm/init.h>
#include <asm/pgtable.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/tlbflush.h>

/* Set when the page allocator is there */
int after_bootmem;

/*
 * Map RAM from @start up to @end, in bytes.  Returns the number of the page
 * that the mapping ends with.
 */
unsigned long __init init_memory_mapping(unsigned long start,
					 unsigned long end)
{
	unsigned long mapped = kernel_physical_mapping_init(start, end);

#ifdef CONFIG_X86_64
	if (!after_bootmem && !start) {
		pud_t *pud;
		pmd_t *pmd;

		/*
		 * Nothing more is taken from the brk.  What was reserved for it
		 * in vain becomes ordinary memory, of which nobody expects that
		 * it is mapped with the image, too.
		 */
		pud = pud_offset(pgd_offset_k(_brk_end), _brk_end);
		pmd = pmd_offset(pud, _brk_end - 1);
		while (++pmd <= pmd_offset(pud, (unsigned long)_end - 1))
			pmd_clear(pmd);
	}
#endif

	flush_tlb_all();

	return mapped >> PAGE_SHIFT;
}
