// SPDX-License-Identifier: GPL-2.0-only
/*
 * Code whose faults are known, in place of a tree's: the prover is tried with
 * it before it judges anybody. A lookup or an update of these PFNs does what
 * its name says; any other is one of a plain table.
 */
#include "shim.h"

enum { SIZE = 4096 };
enum {
	WILD = 5000, ENDLESS, BUG, INTO_SHIM, INTO_ANSWERS, INTO_INPUT, CALLS_KERNEL, WRONG, LOSES, KEEPS, ALLOCATES,
	TAKES_EARLY, FREES_TWICE, FREES_STRANGE, LOCKS_TWICE, WARNS, TRAPS, LOOPS,
};

extern void _raw_spin_lock(void *lock);
extern void _raw_spin_unlock(void *lock);
extern unsigned char hypercall_page[];

static ulong table[SIZE];
static ulong counter, *page;
static ulong lock;

static void bug(void)
{
	__asm__ volatile ("ud2");
}

static void call_kernel(void)
{
	long number = sizeof(long) == 8 ? 39 : 20;	/* getpid(): harmless, if it comes through */

#ifdef __x86_64__
	__asm__ volatile ("syscall" : "+a"(number) : : "rcx", "r11", "memory");
#else
	__asm__ volatile ("int $0x80" : "+a"(number) : : "memory");
#endif
}

static word set(word pfn, word mfn)
{
	ulong was;

	switch (pfn) {
	case LOSES:			/* whoever comes between these two is forgotten */
		was = *(volatile ulong *)&counter;
		*(volatile ulong *)&counter = was + 1;
		return 1;
	case KEEPS:
		__asm__ volatile ("lock; addl $1, %0" : "+m"(counter));
		return 1;
	case ALLOCATES:
		page = (ulong *)late_page(0, 0);
		if (!page)
			return 0;
		*page = mfn;
		return 1;
	case TAKES_EARLY:
		for (;;)
			early_page(PAGE, PAGE);
	case FREES_TWICE:
		was = late_page(0, 0);
		late_free(was, 0);
		late_free(was, 0);
		return 1;
	case FREES_STRANGE:
		late_free((ulong)table, 0);
		return 1;
	case LOOPS:
		while (mfn--)
			__asm__ volatile ("");
		return 1;
	case LOCKS_TWICE:
		_raw_spin_lock(&lock);
		_raw_spin_lock(&lock);
		return 1;
	}
	if (pfn >= SIZE)
		bug();
	table[pfn] = mfn;
	return 1;
}

static word get(word pfn)
{
	switch (pfn) {
	case WILD:
		return *(volatile ulong *)8;
	case ENDLESS:
		for (;;)
			__asm__ volatile ("");
	case INTO_SHIM:
		*(volatile byte *)hypercall_page = 0xcc;
		return 0;
	case INTO_ANSWERS:
		ANSWERS->header[H_WHY] = STOP_DONE;
		return 0;
	case INTO_INPUT:
		*(volatile word *)INPUT = 0;
		return 0;
	case CALLS_KERNEL:
		call_kernel();
		return 0;
	case TRAPS:
		__asm__ volatile ("int3");
		return 0;
	case WRONG:
		return table[7] ^ 1;
	case LOSES:
	case KEEPS:
		return counter;
	case ALLOCATES:
		return *page;
	case WARNS:
		warned((void *)get);
		told();
		return 0;
	}
	if (pfn >= SIZE)
		bug();
	_raw_spin_lock(&lock);
	pfn = table[pfn];
	_raw_spin_unlock(&lock);
	return pfn;
}

int has_call(enum call call)
{
	return call == CALL_SET || call == CALL_GET;
}

word do_call(enum call call, word a, word b)
{
	return call == CALL_SET ? set(a, b) : get(a);
}

void set_machine(word nr_pages, word mfn_list, word pt_base, int initial, int translated, word m2p, unsigned order,
		 int pat)
{
	ulong i;

	for (i = 0; i < nr_pages && i < SIZE; i++)
		table[i] = ((ulong *)(ulong)mfn_list)[i];
}

void add_override(word mfn, word pfn)
{
}

word list_frame(void)
{
	return 0;
}

word list_top(void)
{
	return 0;
}

word fact(enum fact which)
{
	switch (which) {
	case FACT_BITS:
		return 8 * sizeof(long);
	case FACT_INVALID:
		return ~0UL;
	default:
		return 0;
	}
}

long hypercall(ulong number, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5)
{
	shim_stop(STOP_HYPERCALL, number, a1, 0);
}

long hypercall_frame(ulong *frame)
{
	return hypercall(frame[0], frame[1], frame[2], frame[3], frame[4], frame[5]);
}
