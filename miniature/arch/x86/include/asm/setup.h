/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_SETUP_H
#define _ASM_X86_SETUP_H

#include <linux/types.h>

/* Hooks that a platform sets before the common code runs */
struct x86_init_ops {
	char *(*memory_setup)(void);
	void (*arch_setup)(void);
};

extern struct x86_init_ops x86_init;

/* End of what is mapped from the start, in pages */
extern unsigned long max_pfn_mapped;

/*
 * Memory for the earliest needs, taken from behind the bss.  It can't be
 * given back, and there is no more of it than RESERVE_BRK() asked for.
 */
extern unsigned long _brk_end;	/* of what was taken so far */
extern void *extend_brk(size_t size, size_t align);

/* Only the size counts: what is reserved in sum is there for everybody. */
#define RESERVE_BRK(name, sz)						\
	static char __brk_reservation_##name[sz] __used			\
		__section(.bss.brk_reservation)

/* Space for an array, and the pointer to it, which is NULL at first */
#define RESERVE_BRK_ARRAY(type, name, entries)				\
	type *name;							\
	RESERVE_BRK(name, sizeof(type) * (entries))

#endif /* _ASM_X86_SETUP_H */
