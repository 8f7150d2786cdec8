/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the program share among themselves; the tree's code sees none of it. */
#ifndef PROVE_PROGRAM_H
#define PROVE_PROGRAM_H

#include "kernel.h"
#include "shim.h"

#define INVALID (~0UL)
#define ARENA_BASE PROVE_PAGE_OFFSET
#ifdef __x86_64__
#define M2P_BASE 0x200000000000UL
#else
#define M2P_BASE 0x40000000UL
#endif

static const word per_page = PAGE / sizeof(long);

/* answers.c */
int answers_open(void);		/* nobody but the shim runs now; was it so before? */
void answers_close(void);	/* before the tree's code runs */
void answers_as(int open);
void say(word value);
void step_begins(void);
void step_ends(void);
word step_number(void);
word messages_told(void);
void stop(enum stop why, word a, word b, word c) __attribute__((noreturn));
void trace_from(ulong frame);
#define trace_here() trace_from((ulong)__builtin_frame_address(0))
void run_start(void);
void run_add(word value);
void run_end(void);

/* machine.c */
extern struct machine {
	word nr_pages, arena, list_pages, brk_pages, heap_pages, order;
	ulong list, brk, heap, end;	/* addresses */
	ulong brk_used, heap_used, heap_freed;	/* pages */
	int booted, translated;
	word fail_at, fail_count;	/* the next allocations to fail: from which on, how many */
	word allocations;
} m;
extern ulong *const m2p;
extern byte given_back[4096];		/* by the number of the page on the heap */
word *machine(word *p);
word *e820(word *p);
ulong *handed_out(ulong page);
ulong *machine_page(word mfn);

/* tables.c */
void tables_find(void);
ulong *tools_top(word *bad);
ulong *tools_leaf(ulong *top, word top_frame, word pfn, word *level, word *bad);
ulong *own_leaf(word pfn);
word raw_entry(word pfn);
void snapshot(void);
void differ(void);
word lost(void);
void view(word from, word to);
void resume(word key);

/* high.c */
void high(word end, word other, word ramdisk, int bare);

/* boot.c */
void *memset(void *to, int c, ulong n);
void *memcpy(void *to, const void *from, ulong n);

/* locks.c */
int locks_held(void);

/* step.c */
#define MOST_RIVALS 2
extern struct rivals {
	word point, count, next;	/* where; how many, and which is the next one to come */
	struct { word at, call, a, b, answer, place; } each[MOST_RIVALS];	/* at the at-th such point, from 1 */
	word seen;
	int inside, waiting;
} rivals;
extern struct step {
	word turns, limit;	/* of loops */
	int seen, watching;	/* at all; now, and not only what an operation as a whole did */
	word watched, during;	/* PFN; the number of the operation to watch, an instruction at a time */
	word last, place;	/* its entry, and who wrote it */
	ulong *leaf;		/* likewise, the page it is in */
	word changed;		/* the number of the last operation that changed it, or 0 */
} step;
void race(unsigned point, ulong place);
void race_unlocked(void);
void watch(word place);
word make(enum call call, word a, word b);
void lookups(word from, word to);
void catch_signals(void);
int in_shim(ulong ip);
ulong returns_to(ulong address);	/* of a frame of the shim's, who called it */


/* repeat.c */
void finish_repeated(void *context);

/* loops.c */
word *set_jumps(word *p);
void count_loops(int on);
int jump_trap(void *context);

/* access.c */
enum access {
	ACCESS_NONE,	/* none to memory that is shut */
	ACCESS_LET,	/* it may go on */
	ACCESS_STEP,	/* it may go on by one instruction */
};
word *set_data(word *p);
enum access access_faults(ulong at, ulong ip, int writes);
void access_copies(void);
void access_copied(void);
enum access access_done(ulong ip, void *context);
void access_begins(void);
void access_shut(void);
void access_rival(void);
void access_rival_gone(word from);
void access_open(void);
void access_say(void);

#endif
