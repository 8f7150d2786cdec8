/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XEN_PUBLIC_MEMORY_H__
#define __XEN_PUBLIC_MEMORY_H__

#include <xen/interface/xen.h>

#define XENMEM_increase_reservation	0
#define XENMEM_decrease_reservation	1
#define XENMEM_populate_physmap		6
#define XENMEM_memory_map		9	/* this domain's E820 */
#define XENMEM_machine_memory_map	10	/* the host's E820 */
#define XENMEM_machphys_mapping		12

/* A list of extents of 2^extent_order frames each, to give or to take */
struct xen_memory_reservation {
	GUEST_HANDLE(ulong) extent_start;
	unsigned long nr_extents;
	unsigned int extent_order;
	unsigned int address_bits;	/* 0: anywhere */
	domid_t domid;
};

struct xen_memory_map {
	unsigned int nr_entries;	/* in: room; out: entries filled */
	GUEST_HANDLE(void) buffer;
};

struct xen_machphys_mapping {
	unsigned long v_start, v_end;
	unsigned long max_mfn;
};

#endif /* __XEN_PUBLIC_MEMORY_H__ */
