/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_PGTABLE_H
#define _ASM_X86_PGTABLE_H

#include <asm/page.h>
#include <asm/pgtable_types.h>

struct cpuinfo_x86 {
	u8 x86;			/* family */
};

extern struct cpuinfo_x86 boot_cpu_data;

/* Only a 386 can't. */
#define pgprot_noncached(prot)						\
	((boot_cpu_data.x86 > 3)					\
	 ? (__pgprot(pgprot_val(prot) | _PAGE_CACHE_UC_MINUS))		\
	 : (prot))

#ifdef CONFIG_PARAVIRT
#include <asm/paravirt.h>
#else
#define set_pte(ptep, pte)		(*(ptep) = (pte))
#define set_pte_at(mm, addr, ptep, pte)	set_pte(ptep, pte)
#define set_pmd(pmdp, pmd)		(*(pmdp) = (pmd))

#define pgd_val(x)	native_pgd_val(x)
#define __pgd(x)	native_make_pgd(x)
#ifdef CONFIG_X86_64
#define pud_val(x)	native_pud_val(x)
#define __pud(x)	native_make_pud(x)
#endif
#define pmd_val(x)	native_pmd_val(x)
#define __pmd(x)	native_make_pmd(x)
#define pte_val(x)	native_pte_val(x)
#define __pte(x)	native_make_pte(x)
#endif	/* CONFIG_PARAVIRT */

#ifdef CONFIG_X86_64
/* Which entry of a table an address goes by, from the top level down */
#define PGDIR_SHIFT	39
#define PUD_SHIFT	30
#define PMD_SHIFT	21

#define table_index(addr, shift)	(((addr) >> (shift)) & 511)

#define pgd_offset(mm, addr)	((mm)->pgd + table_index(addr, PGDIR_SHIFT))
#define pgd_offset_k(addr)	pgd_offset(&init_mm, (addr))

static inline pud_t *pud_offset(pgd_t *pgd, unsigned long addr)
{
	pud_t *table = __va(pgd_val(*pgd) & PTE_PFN_MASK);

	return table + table_index(addr, PUD_SHIFT);
}

static inline pmd_t *pmd_offset(pud_t *pud, unsigned long addr)
{
	pmd_t *table = __va(pud_val(*pud) & PTE_PFN_MASK);

	return table + table_index(addr, PMD_SHIFT);
}

/* Is there no table of PTEs below, but 2 MiB in one piece? */
static inline int pmd_large(pmd_t pmd)
{
	const pmdval_t both = _PAGE_PSE | _PAGE_PRESENT;

	return (pmd_flags(pmd) & both) == both;
}

static inline void pmd_clear(pmd_t *pmdp)
{
	set_pmd(pmdp, __pmd(0));
}
#endif	/* CONFIG_X86_64 */

static inline int pte_none(pte_t pte)
{
	return !pte.pte;
}

static inline int pte_present(pte_t pte)
{
	return pte_flags(pte) & _PAGE_PRESENT;
}

static inline int pte_write(pte_t pte)
{
	return pte_flags(pte) & _PAGE_RW;
}

static inline unsigned long pte_pfn(pte_t pte)
{
	return (pte_val(pte) & PTE_PFN_MASK) >> PAGE_SHIFT;
}

static inline pte_t pte_set_flags(pte_t pte, pteval_t set)
{
	return native_make_pte(native_pte_val(pte) | set);
}

static inline pte_t pte_mkspecial(pte_t pte)
{
	return pte_set_flags(pte, _PAGE_SPECIAL);
}

/* Drops what isn't supported; without PRESENT the bits mean other things. */
static inline pgprotval_t massage_pgprot(pgprot_t pgprot)
{
	pgprotval_t protval = pgprot_val(pgprot);

	if (protval & _PAGE_PRESENT)
		protval &= __supported_pte_mask;

	return protval;
}

static inline pte_t pfn_pte(unsigned long page_nr, pgprot_t pgprot)
{
	return __pte(((phys_addr_t)page_nr << PAGE_SHIFT) |
		     massage_pgprot(pgprot));
}

#define mk_pte(page, pgprot)	pfn_pte(page_to_pfn(page), (pgprot))

#define io_remap_pfn_range(vma, vaddr, pfn, size, prot)	\
	remap_pfn_range(vma, vaddr, pfn, size, prot)

#endif /* _ASM_X86_PGTABLE_H */
