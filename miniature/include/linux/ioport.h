/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_IOPORT_H
#define _LINUX_IOPORT_H

#include <linux/types.h>

/* A range of addresses; @end is the last of them. */
struct resource {
	resource_size_t start;
	resource_size_t end;
	unsigned long flags;
	struct resource *parent;
};

#define IORESOURCE_IO	0x00000100
#define IORESOURCE_MEM	0x00000200

#endif /* _LINUX_IOPORT_H */
