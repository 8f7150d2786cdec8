/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XEN_PRIVCMD_H__
#define __XEN_PRIVCMD_H__

#include <linux/types.h>

/* Frames [mfn, mfn + npages) of domain dom, to appear at va */
struct privcmd_mmap_entry {
	u64 va;
	u64 mfn;
	u64 npages;
	u16 dom;
};

#define IOCTL_PRIVCMD_MMAP	0x5002

#endif /* __XEN_PRIVCMD_H__ */
