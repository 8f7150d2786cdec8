/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mapping that the kernel's image runs in, and the tree's
 * init_memory_mapping(), which clears the end of it when the brk is concluded.
 * That is the high map, and on 32 bits the linear map. Compiled with the tree's
 * own headers, as bridge.c is, and only where its arch/x86/mm/init.c is, too.
 *
 * The page tables are pages that the tree's own macros find their way through;
 * what Xen or the bare machine would do with an entry is a store here.
 */
#include <linux/types.h>
#include <linux/sched.h>
#include <linux/mm.h>
#include <asm/pgtable.h>
#include <asm/setup.h>
#include "shim.h"

#define WEAK __attribute__((weak))
#define LARGE (1UL << 21)
#define ENTRY(table, shift) ((table) + (BASE >> (shift)) % 512)
#ifdef CONFIG_X86_64
#define BASE __START_KERNEL_map
#else
#define BASE PAGE_OFFSET
#endif

/* Of the boot code, and of files that are not compiled here. */
WEAK unsigned long _brk_end;
WEAK unsigned long max_pfn_mapped;
WEAK unsigned long mmu_cr4_features;
WEAK struct mm_struct init_mm;
WEAK struct cpuinfo_x86 boot_cpu_data;

/* The tree's _end, which is a number that the linker knows, is what this points to: build.py has it so. */
WEAK unsigned long prove_end;

/* By names of their own: the headers may have prototypes, which differ from tree to tree. */
extern unsigned long tree_maps(unsigned long start, unsigned long end) __asm__("init_memory_mapping");
WEAK unsigned long mapped_to(unsigned long start, unsigned long end) __asm__("kernel_physical_mapping_init");
WEAK u64 first_fit(u64 start) __asm__("memblock_find_in_range");
WEAK void flushed(void) __asm__("flush_tlb_all");
WEAK void fixmap_made(void) __asm__("early_ioremap_page_table_range_init");
WEAK void nx_looked_for(void) __asm__("set_nx");

WEAK unsigned long mapped_to(unsigned long start, unsigned long end)
{
	return end;
}

/* Never 0: to some trees that is MEMBLOCK_ERROR, and "start" may be the first byte of all. */
WEAK u64 first_fit(u64 start)
{
	return start + PAGE_SIZE;
}

WEAK void flushed(void)
{
}

WEAK void fixmap_made(void)
{
}

WEAK void nx_looked_for(void)
{
}

#ifdef CONFIG_PARAVIRT
WEAK struct pv_mmu_ops pv_mmu_ops;

static void store_pmd(pmd_t *at, pmd_t value)
{
	*at = value;
}

#ifdef PVOP_CALLEE1
static void clear_pmd(pmd_t *at)
{
	*at = native_make_pmd(0);
}

WEAK struct pv_cpu_ops pv_cpu_ops;

/* Hooks that keep all registers but the one they answer in. */
extern char hook_zero[], hook_same[];
__asm__(".pushsection .text\n"
	"hook_zero: xorl %eax, %eax; ret\n"
#ifdef CONFIG_X86_64
	"hook_same: movq %rdi, %rax; ret\n"
#else
	"hook_same: ret\n"
#endif
	".popsection");

static void fill(void *at, unsigned long size)
{
	void **hook = at;

	for (; size >= sizeof(*hook); size -= sizeof(*hook))
		*hook++ = hook_zero;
}
#endif

static void hook(void)
{
#ifdef PVOP_CALLEE1
	fill(&pv_cpu_ops, sizeof(pv_cpu_ops));
	fill(&pv_mmu_ops, sizeof(pv_mmu_ops));
	pv_mmu_ops.pgd_val.func = pv_mmu_ops.make_pgd.func = hook_same;
#ifdef CONFIG_X86_64
	pv_mmu_ops.pud_val.func = pv_mmu_ops.make_pud.func = hook_same;
#else
	pv_mmu_ops.pmd_clear = clear_pmd;
#endif
	pv_mmu_ops.pmd_val.func = pv_mmu_ops.make_pmd.func = hook_same;
	pv_mmu_ops.pte_val.func = pv_mmu_ops.make_pte.func = hook_same;
#endif
	pv_mmu_ops.set_pmd = store_pmd;
}
#else
static void hook(void)
{
}
#endif

void high_conclude(word tables, word image, word brk_end, word end, word mapped, int bare)
{
	const unsigned long flags = _PAGE_PRESENT | _PAGE_RW;
	pgd_t *pgd = (pgd_t *)(unsigned long)tables;
	pmd_t *pmd = (pmd_t *)((unsigned long)tables + 2 * PAGE_SIZE);
	unsigned long at, table = __pa(pmd + 512);
#ifdef CONFIG_X86_64
	pud_t *pud = (pud_t *)((unsigned long)tables + PAGE_SIZE);
#endif

	hook();
	memset(pgd, 0, 4 * PAGE_SIZE);
#ifdef CONFIG_X86_64
	*ENTRY(pgd, 39) = __pgd(__pa(pud) | flags);
	*ENTRY(pud, 30) = __pud(__pa(pmd) | flags);
#else
	*ENTRY(pgd, 30) = __pgd(__pa(pmd) | _PAGE_PRESENT);
#endif
	for (at = bare ? image & -LARGE : 0; at < mapped; at += LARGE)
		pmd[at / LARGE] = bare ? native_make_pmd(at | flags | _PAGE_PSE) : __pmd(table | flags);

	init_mm.pgd = pgd;
	_brk_end = BASE + brk_end;
	prove_end = BASE + end;
	tree_maps(0, 64UL << 20);
}

int high_mapped(word tables, word at)
{
	pmd_t *pmd = (pmd_t *)((unsigned long)tables + 2 * PAGE_SIZE);

	return !!(native_pmd_val(pmd[at / LARGE]) & _PAGE_PRESENT);
}
