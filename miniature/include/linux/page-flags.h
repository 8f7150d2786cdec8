/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAGE_FLAGS_H
#define PAGE_FLAGS_H

#ifndef __GENERATING_BOUNDS_H
#include <generated/bounds.h>
#endif

/* Bits of page->flags; the number of the zone is kept above them. */
enum pageflags {
	PG_locked,
	PG_dirty,
	PG_reserved,
	__NR_PAGEFLAGS,
};

#endif /* PAGE_FLAGS_H */
