/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_SPINLOCK_H
#define __LINUX_SPINLOCK_H

#include <linux/types.h>
#include <asm/system.h>

typedef struct spinlock {
	unsigned int locked;
} spinlock_t;

#define DEFINE_SPINLOCK(x)	spinlock_t x = { 0 }

/* Without CONFIG_SMP a lock is always free. */
static inline void spin_lock(spinlock_t *lock)
{
	while (xchg(&lock->locked, 1))
		cpu_relax();
}

static inline void spin_unlock(spinlock_t *lock)
{
	xchg(&lock->locked, 0);
}

#define spin_lock_irqsave(lock, flags) \
	do { local_irq_save(flags); spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { spin_unlock(lock); local_irq_restore(flags); } while (0)

#endif /* __LINUX_SPINLOCK_H */
