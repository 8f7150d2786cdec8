/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_XEN_INTERFACE_H
#define _ASM_X86_XEN_INTERFACE_H

#include <linux/types.h>

/* Pointers handed to the hypervisor */
#define GUEST_HANDLE(name)	__guest_handle_ ## name
typedef unsigned long *GUEST_HANDLE(ulong);
typedef void *GUEST_HANDLE(void);

#define set_xen_guest_handle(hnd, val)	do { (hnd) = val; } while (0)

/* Where Xen shows every guest the table from MFN to PFN */
#ifdef CONFIG_X86_64
#define MACH2PHYS_VIRT_START	0xFFFF800000000000UL
#define MACH2PHYS_VIRT_END	0xFFFF804000000000UL
#else
#define MACH2PHYS_VIRT_START	0xF5800000UL
#define MACH2PHYS_VIRT_END	0xF6800000UL
#endif
#define MACH2PHYS_NR_ENTRIES \
	((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) / sizeof(unsigned long))

struct arch_shared_info {
	unsigned long max_pfn;		/* how far the table below goes */
	/* Frame with a list of frames, each with a list of P2M frames */
	unsigned long pfn_to_mfn_frame_list_list;
};

#endif /* _ASM_X86_XEN_INTERFACE_H */
