/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MMZONE_H
#define _LINUX_MMZONE_H

#ifndef __GENERATING_BOUNDS_H
#include <generated/bounds.h>
#if MAX_NR_ZONES > 4
#error "the number of the zone has two bits in page->flags"
#endif
#endif

enum zone_type {
	ZONE_DMA,
#ifdef CONFIG_64BIT
	ZONE_DMA32,
#endif
	ZONE_NORMAL,
#ifdef CONFIG_HIGHMEM
	ZONE_HIGHMEM,
#endif
	ZONE_MOVABLE,
	__MAX_NR_ZONES
};

#endif /* _LINUX_MMZONE_H */
