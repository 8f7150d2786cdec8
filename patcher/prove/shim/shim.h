/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two halves of the program share. bridge.c is compiled with the
 * tree's own headers, the rest without any; both with the tree's calling
 * convention. bridge.c is therefore no more trusted than the tree.
 */
#ifndef PROVE_SHIM_H
#define PROVE_SHIM_H

#include "layout.h"
#include "protocol.h"

/* What the tree's code may link to; everything else of the shim has no name that it could see. */
#define EXPORT __attribute__((visibility("default")))

/* for bridge.c, and through it for the tree */
EXPORT void shim_stop(enum stop why, word a, word b, word c) __attribute__((noreturn));
EXPORT void warned(const void *place);
EXPORT void told(void);		/* a message, of whatever level */
EXPORT void *early_page(unsigned long size, unsigned long align);
EXPORT unsigned long late_page(int zero, unsigned int order);
EXPORT void late_free(unsigned long address, unsigned int order);
EXPORT long release_frame(word mfn);
EXPORT int memory_map(word *addr, word *size, word *type, unsigned at);
EXPORT int memory_map_count(void);
EXPORT long memory_map_result(void);

/* bridge.c for the program */
int has_call(enum call call);
word do_call(enum call call, word a, word b);
void set_machine(word nr_pages, word mfn_list, word pt_base, int initial, int translated, word m2p, unsigned order,
		 int pat);
void add_override(word mfn, word pfn);	/* a granted frame, and the page that has it */
word list_frame(void);		/* what the toolstack starts from: an MFN, or 0 */
word list_top(void);		/* the same, as the tree's own variable says it */
word fact(enum fact which);	/* one of the tree's constants */

/* highmap.c, likewise; it is not there in every program. Addresses count from the start of the image's map. */
#define MAYBE __attribute__((weak))
MAYBE void high_conclude(word tables, word image, word brk_end, word end, word mapped, int bare);
MAYBE int high_mapped(word tables, word at);	/* after it */
#endif
