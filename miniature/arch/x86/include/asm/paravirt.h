/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_PARAVIRT_H
#define _ASM_X86_PARAVIRT_H

#include <asm/pgtable_types.h>

struct mm_struct;

/* What a hypervisor may put in the place of the native code */
struct pv_mmu_ops {
	void (*set_pte)(pte_t *ptep, pte_t pteval);
	void (*set_pte_at)(struct mm_struct *mm, unsigned long addr,
			   pte_t *ptep, pte_t pteval);
	void (*set_pmd)(pmd_t *pmdp, pmd_t pmdval);
	void (*set_fixmap)(unsigned idx, phys_addr_t phys, pgprot_t flags);
};

extern struct pv_mmu_ops pv_mmu_ops;

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	pv_mmu_ops.set_pte(ptep, pte);
}

static inline void set_pte_at(struct mm_struct *mm, unsigned long addr,
			      pte_t *ptep, pte_t pte)
{
	pv_mmu_ops.set_pte_at(mm, addr, ptep, pte);
}

static inline void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	pv_mmu_ops.set_pmd(pmdp, pmd);
}

static inline void __set_fixmap(unsigned idx, phys_addr_t phys,
				pgprot_t flags)
{
	pv_mmu_ops.set_fixmap(idx, phys, flags);
}

/* Values are translated by the one hypervisor there is in this tree. */
extern pteval_t xen_pte_val(pte_t pte);
extern pte_t xen_make_pte(pteval_t pte);
#ifdef CONFIG_X86_64
extern pudval_t xen_pud_val(pud_t pud);
extern pud_t xen_make_pud(pudval_t pud);

#define pud_val(x)	xen_pud_val(x)
#define __pud(x)	xen_make_pud(x)
#endif

extern pmdval_t xen_pmd_val(pmd_t pmd);
extern pmd_t xen_make_pmd(pmdval_t pmd);
extern pgdval_t xen_pgd_val(pgd_t pgd);
extern pgd_t xen_make_pgd(pgdval_t pgd);

#define pgd_val(x)	xen_pgd_val(x)
#define __pgd(x)	xen_make_pgd(x)
#define pmd_val(x)	xen_pmd_val(x)
#define __pmd(x)	xen_make_pmd(x)

static inline pteval_t pte_val(pte_t pte)
{
	return xen_pte_val(pte);
}

static inline pte_t __pte(pteval_t val)
{
	return xen_make_pte(val);
}

enum paravirt_lazy_mode {
	PARAVIRT_LAZY_NONE,
	PARAVIRT_LAZY_MMU,
	PARAVIRT_LAZY_CPU,
};

extern enum paravirt_lazy_mode paravirt_get_lazy_mode(void);

#endif /* _ASM_X86_PARAVIRT_H */
