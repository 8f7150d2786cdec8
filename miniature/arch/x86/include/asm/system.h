/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_SYSTEM_H
#define _ASM_X86_SYSTEM_H

#include <linux/types.h>

/* Both are full barriers, and both give back what was there before. */
#define cmpxchg(ptr, old, new) __sync_val_compare_and_swap(ptr, old, new)
#define xchg(ptr, v)	__atomic_exchange_n(ptr, v, __ATOMIC_SEQ_CST)

static inline void set_64bit(volatile u64 *ptr, u64 value)
{
	u64 old;

	do
		old = *ptr;
	while (cmpxchg(ptr, old, value) != old);
}

/* x86 keeps stores in order; it is the compiler that must be told. */
#define smp_wmb()	barrier()
#define cpu_relax()	__builtin_ia32_pause()

extern unsigned long arch_local_irq_save(void);
extern void arch_local_irq_restore(unsigned long flags);
extern void local_irq_disable(void);
extern int irqs_disabled(void);

#define local_irq_save(flags)	do { flags = arch_local_irq_save(); } while (0)
#define local_irq_restore(flags) arch_local_irq_restore(flags)

#endif /* _ASM_X86_SYSTEM_H */
