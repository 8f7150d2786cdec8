/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_VMALLOC_H
#define _LINUX_VMALLOC_H

#include <linux/types.h>

struct vm_struct {
	void *addr;
	unsigned long size;
	phys_addr_t phys_addr;
};

extern struct vm_struct *alloc_vm_area(size_t size);
extern void free_vm_area(struct vm_struct *area);

#endif /* _LINUX_VMALLOC_H */
