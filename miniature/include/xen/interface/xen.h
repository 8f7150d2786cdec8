/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XEN_PUBLIC_XEN_H__
#define __XEN_PUBLIC_XEN_H__

#include <asm/xen/interface.h>

#define __HYPERVISOR_mmu_update			1
#define __HYPERVISOR_memory_op			12
#define __HYPERVISOR_multicall			13
#define __HYPERVISOR_update_va_mapping		14
#define __HYPERVISOR_xen_version		17
#define __HYPERVISOR_mmuext_op			26
#define __HYPERVISOR_physdev_op			33

#define MMUEXT_TLB_FLUSH_LOCAL			6

#define XENVER_get_features			6

typedef uint16_t domid_t;

#define DOMID_SELF	(0x7FF0U)	/* whoever asks */
#define DOMID_IO	(0x7FF1U)	/* owner of all device frames */

/* Write @val to the page table entry at machine address @ptr. */
struct mmu_update {
	uint64_t ptr;
	uint64_t val;
};

struct mmuext_op {
	unsigned int cmd;
	union {
		unsigned long mfn;
		unsigned long linear_addr;
	} arg1;
};

struct multicall_entry {
	unsigned long op;
	long result;
	unsigned long args[6];
};

struct xen_feature_info {
	unsigned int submap_idx;
	uint32_t submap;
};

struct shared_info {
	struct arch_shared_info arch;
};

#define MAX_GUEST_CMDLINE	1024

/* What the domain builder tells the kernel it starts */
struct start_info {
	char magic[32];
	unsigned long nr_pages;		/* frames this domain was given */
	unsigned long shared_info;	/* machine address */
	uint32_t flags;			/* SIF_* */
	unsigned long store_mfn;
	uint32_t store_evtchn;
	union {
		struct {
			unsigned long mfn;
			uint32_t evtchn;
		} domU;
		struct {
			uint32_t info_off;
			uint32_t info_size;
		} dom0;
	} console;
	/* From here on only filled in at boot, not at resume */
	unsigned long pt_base;		/* virtual address */
	unsigned long nr_pt_frames;
	unsigned long mfn_list;		/* virtual address of nr_pages MFNs */
	unsigned long mod_start;
	unsigned long mod_len;
	int8_t cmd_line[MAX_GUEST_CMDLINE];
};

#define SIF_PRIVILEGED	(1 << 0)
#define SIF_INITDOMAIN	(1 << 1)

#endif /* __XEN_PUBLIC_XEN_H__ */
