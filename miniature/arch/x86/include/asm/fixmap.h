/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_FIXMAP_H
#define _ASM_X86_FIXMAP_H

#include <linux/percpu.h>
#include <asm/pgtable.h>

#ifdef CONFIG_X86_64
#define FIXADDR_TOP		_AC(0xffffffffffdff000, UL)
#else
#define FIXADDR_TOP		_AC(0xfffff000, UL)
#endif

#define NR_FIX_BTMAPS		64
#define FIX_BTMAPS_SLOTS	4

/* Virtual addresses known when the kernel is built, from the top down */
enum fixed_addresses {
#ifdef CONFIG_X86_64
	VSYSCALL_LAST_PAGE,
	VSYSCALL_FIRST_PAGE = VSYSCALL_LAST_PAGE + 511,
#else
	FIX_HOLE,
	FIX_VDSO,
#endif
	FIX_HPET_BASE,		/* a device */
#ifdef CONFIG_HIGHMEM
	FIX_KMAP_BEGIN,
	FIX_KMAP_END = FIX_KMAP_BEGIN + 4 * NR_CPUS - 1,
#endif
	FIX_PARAVIRT_BOOTMAP,
	FIX_TEXT_POKE1,
	FIX_TEXT_POKE0,
	/* For early_ioremap(): below a single pmd */
	FIX_BTMAP_END = (FIX_TEXT_POKE0 + 512) & ~511,
	FIX_BTMAP_BEGIN = FIX_BTMAP_END + NR_FIX_BTMAPS * FIX_BTMAPS_SLOTS - 1,
};

#define fix_to_virt(x)	(FIXADDR_TOP - ((unsigned long)(x) << PAGE_SHIFT))

extern void __native_set_fixmap(unsigned idx, pte_t pte);

#ifndef CONFIG_PARAVIRT
#define __set_fixmap(idx, phys, flags)	\
	__native_set_fixmap(idx, pfn_pte((phys) >> PAGE_SHIFT, flags))
#endif

#endif /* _ASM_X86_FIXMAP_H */
