// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

#include <asm/pgtable.h>

/* NX and GLOBAL are added once the cpu is known to have them. */
pteval_t __supported_pte_mask __read_mostly =
	~(_PAGE_NX | _PAGE_GLOBAL | _PAGE_IOMAP);
EXPORT_SYMBOL_GPL(__supported_pte_mask);
