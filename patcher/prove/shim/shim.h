/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two halves of the shim share. bridge.c is compiled with the tree's
 * own headers, driver.c without any; both with the tree's calling convention.
 */
#ifndef PROVE_SHIM_H
#define PROVE_SHIM_H

typedef unsigned long long word;

/* Why a scenario ended before its last operation; see Outcome in run.py. */
enum stop {
	STOP_DONE = 1,
	STOP_SIGNAL,		/* number, instruction, address */
	STOP_BRK_FULL,		/* pages used, pages reserved */
	STOP_BRK_LATE,		/* extend_brk() after boot */
	STOP_ALLOC_EARLY,	/* the page allocator before it is there */
	STOP_BAD_FREE,		/* address */
	STOP_HYPERCALL,		/* number, first argument */
	STOP_PANIC,
	STOP_NO_SYMBOL,		/* operation */
	STOP_BAD_SCENARIO,	/* a fault of ours */
	STOP_OUTPUT_FULL,
	STOP_KILLED,		/* signal; said by the parent */
	STOP_HEAP_FULL,
};

void stop(enum stop why, word a, word b, word c) __attribute__((noreturn));
void warned(const void *place);
void told(void);		/* a message, of whatever level */

/* driver.c for bridge.c */
void *early_page(unsigned long size, unsigned long align);
unsigned long late_page(int zero, unsigned int order);
void late_free(unsigned long address, unsigned int order);
long release_frame(word mfn);
int memory_map(word *addr, word *size, word *type, unsigned at);
int memory_map_count(void);
long memory_map_result(void);
word map_end(void);

/* bridge.c for driver.c */
enum call {
	CALL_BUILD, CALL_LIST, CALL_LIST_TELL, CALL_MEMORY, CALL_SET, CALL_SET_RAW, CALL_GET, CALL_IDENTITY,
	CALL_MAKE_PTE, CALL_PTE_VAL, CALL_PFN_TO_MFN, CALL_MFN_TO_PFN, CALL_LOCAL, CALL_VALID, CALL_MISSING,
	CALL_COUNT
};
int has_call(enum call call);
word do_call(enum call call, word a, word b);
void set_machine(word nr_pages, word mfn_list, word pt_base, int initial, int translated, word m2p, unsigned order,
		 int pat);
word list_frame(void);		/* what the toolstack starts from: an MFN, or 0 */
word list_top(void);		/* the same, as the tree's own variable says it */
word fact(unsigned which);	/* the tree's constants, in the order of facts.py */
unsigned fact_count(void);
#endif
