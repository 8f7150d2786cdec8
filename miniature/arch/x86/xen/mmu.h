/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _XEN_MMU_H
#define _XEN_MMU_H

#include <linux/types.h>
#include <asm/pgtable.h>

bool __set_phys_to_machine(unsigned long pfn, unsigned long mfn);

void xen_set_pte(pte_t *ptep, pte_t pteval);
void xen_set_pte_at(struct mm_struct *mm, unsigned long addr,
		    pte_t *ptep, pte_t pteval);

#ifdef CONFIG_X86_PAE
void xen_set_pte_atomic(pte_t *ptep, pte_t pte);
#endif

extern void xen_init_mmu_ops(void);

#endif /* _XEN_MMU_H */
