/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MEMBLOCK_H
#define _LINUX_MEMBLOCK_H

#include <linux/types.h>

extern void memblock_init(void);
extern void memblock_x86_reserve_range(u64 start, u64 end, char *name);

#endif /* _LINUX_MEMBLOCK_H */
