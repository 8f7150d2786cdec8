// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

#include <asm/pgtable.h>

/* Outside of Xen nobody may set IOMAP: the bit is not reserved for us. */
pteval_t __supported_pte_mask __read_mostly = ~_PAGE_IOMAP;
EXPORT_SYMBOL_GPL(__supported_pte_mask);
