// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

#include <asm/pgtable.h>

/* Which bits a PTE may have */
pteval_t __supported_pte_mask __read_mostly = ~_PAGE_IOMAP;
EXPORT_SYMBOL_GPL(__supported_pte_mask);
