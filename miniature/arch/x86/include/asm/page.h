/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_PAGE_H
#define _ASM_X86_PAGE_H

#include <linux/types.h>

#define __AC(x, suffix)	(x##suffix)
#define _AC(x, suffix)	__AC(x, suffix)
#define _AT(type, x)	((type)(x))

#define PAGE_SHIFT	12
#define PAGE_SIZE	(_AC(1, UL) << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x)	(((x) + PAGE_SIZE - 1) & PAGE_MASK)

#ifdef CONFIG_X86_64
#define __PAGE_OFFSET		_AC(0xffff880000000000, UL)
#define __START_KERNEL_map	_AC(0xffffffff80000000, UL)
#define __PHYSICAL_MASK_SHIFT	46
#define MAXMEM			(_AC(1, UL) << 46)
#else
#define __PAGE_OFFSET		_AC(CONFIG_PAGE_OFFSET, UL)
#define __PHYSICAL_MASK_SHIFT	44
#define VMALLOC_RESERVE		_AC(0x08000000, UL)
#define MAXMEM			(-PAGE_OFFSET - VMALLOC_RESERVE)
#endif

#define PAGE_OFFSET	((unsigned long)__PAGE_OFFSET)

#define __PHYSICAL_MASK \
	((phys_addr_t)((1ULL << __PHYSICAL_MASK_SHIFT) - 1))
/* On 32 bits PAGE_MASK has to be widened with its sign. */
#define PHYSICAL_PAGE_MASK	(((signed long)PAGE_MASK) & __PHYSICAL_MASK)

#ifdef CONFIG_X86_64
extern unsigned long phys_base;

/* The kernel's image has a mapping of its own, beside that of all RAM. */
static inline unsigned long __phys_addr(unsigned long x)
{
	if (x >= __START_KERNEL_map)
		return x - __START_KERNEL_map + phys_base;
	return x - PAGE_OFFSET;
}
#else
#define __phys_addr(x)	((x) - PAGE_OFFSET)
#endif

#define __pa(x)		__phys_addr((unsigned long)(x))
#define __va(x)		((void *)((unsigned long)(x) + PAGE_OFFSET))

#define __page_aligned_bss \
	__section(.bss.page_aligned) __aligned(PAGE_SIZE)

extern void *memcpy(void *to, const void *from, size_t n);

static inline void copy_page(void *to, void *from)
{
	memcpy(to, from, PAGE_SIZE);
}

#endif /* _ASM_X86_PAGE_H */
