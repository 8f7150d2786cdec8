// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locks, in the spellings of 2.6.16 to 2.6.39; none takes the tree's headers,
 * since a lock is its address here. There is one CPU, so whoever takes a lock
 * that is taken waits for ever. A rival, which is another CPU, comes when all
 * locks are given back: it may want them, too.
 */
#include "program.h"

#define WEAK EXPORT __attribute__((weak))

static struct { void *lock; unsigned readers; } held[16];

static int find(const void *lock)
{
	unsigned i;

	for (i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		if (held[i].lock == lock)
			return i;
	return -1;
}

int locks_held(void)
{
	unsigned i, n = 0;

	for (i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		n += !!held[i].lock;
	return n;
}

/* Whether it is taken now. */
static int try(void *lock, int reads)
{
	int at = find(lock);

	if (at >= 0 && !(reads && held[at].readers))
		return 0;
	if (at < 0)
		at = find(0);
	if (at < 0)
		stop(STOP_BAD_SCENARIO, 7, 0, 0);	/* more at once than there is room for */
	held[at].lock = lock;
	held[at].readers += reads;
	return 1;
}

static void take(void *lock, int reads, const void *place)
{
	if (!try(lock, reads)) {
		trace_from((ulong)__builtin_frame_address(0));
		stop(STOP_DEADLOCK, (ulong)place, (ulong)lock, 0);
	}
}

static void give(void *lock, const void *place)
{
	int at = find(lock);

	if (!lock || at < 0) {
		trace_from((ulong)__builtin_frame_address(0));
		stop(STOP_UNLOCK, (ulong)place, (ulong)lock, 0);
	}
	if (held[at].readers)
		held[at].readers--;
	if (!held[at].readers)
		held[at].lock = 0;
	race_unlocked();
}

#define HERE __builtin_return_address(0)
#define KIND(name, reads) \
	WEAK void name##_lock(void *lock) { take(lock, reads, HERE); } \
	WEAK ulong name##_lock_irqsave(void *lock) { take(lock, reads, HERE); return 0; } \
	WEAK void name##_lock_irq(void *lock) { take(lock, reads, HERE); } \
	WEAK void name##_lock_bh(void *lock) { take(lock, reads, HERE); } \
	WEAK void name##_lock_nested(void *lock, int sub) { take(lock, reads, HERE); } \
	WEAK ulong name##_lock_irqsave_nested(void *lock, int sub) { take(lock, reads, HERE); return 0; } \
	WEAK int name##_trylock(void *lock) { return try(lock, reads); } \
	WEAK int name##_trylock_bh(void *lock) { return try(lock, reads); } \
	WEAK void name##_unlock(void *lock) { give(lock, HERE); } \
	WEAK void name##_unlock_irqrestore(void *lock, ulong flags) { give(lock, HERE); } \
	WEAK void name##_unlock_irq(void *lock) { give(lock, HERE); } \
	WEAK void name##_unlock_bh(void *lock) { give(lock, HERE); }
KIND(_raw_spin, 0)
KIND(_raw_read, 1)
KIND(_raw_write, 0)
KIND(_spin, 0)
KIND(_read, 1)
KIND(_write, 0)

WEAK void mutex_lock(void *lock) { take(lock, 0, HERE); }
WEAK void mutex_lock_nested(void *lock, unsigned sub) { take(lock, 0, HERE); }
WEAK int mutex_lock_interruptible(void *lock) { take(lock, 0, HERE); return 0; }
WEAK int mutex_lock_killable(void *lock) { take(lock, 0, HERE); return 0; }
WEAK int mutex_trylock(void *lock) { return try(lock, 0); }
WEAK void mutex_unlock(void *lock) { give(lock, HERE); }
WEAK void down(void *lock) { take(lock, 0, HERE); }
WEAK int down_interruptible(void *lock) { take(lock, 0, HERE); return 0; }
WEAK int down_trylock(void *lock) { return !try(lock, 0); }
WEAK void up(void *lock) { give(lock, HERE); }
WEAK void down_read(void *lock) { take(lock, 1, HERE); }
WEAK int down_read_trylock(void *lock) { return try(lock, 1); }
WEAK void up_read(void *lock) { give(lock, HERE); }
WEAK void down_write(void *lock) { take(lock, 0, HERE); }
WEAK int down_write_trylock(void *lock) { return try(lock, 0); }
WEAK void up_write(void *lock) { give(lock, HERE); }

/* What is called around them, and does nothing on one CPU that nobody interrupts. */
WEAK void __mutex_init(void *lock, const char *name, void *key) { }
WEAK void __raw_spin_lock_init(void *lock, const char *name, void *key) { }
WEAK void __might_sleep(const char *file, int line, int preempt) { }
WEAK int _cond_resched(void) { return 0; }
