/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_GFP_H
#define __LINUX_GFP_H

#include <linux/types.h>

#define __GFP_HIGHMEM	((gfp_t)0x02u)
#define __GFP_WAIT	((gfp_t)0x10u)
#define __GFP_IO	((gfp_t)0x40u)
#define __GFP_FS	((gfp_t)0x80u)
#define __GFP_NOWARN	((gfp_t)0x200u)
#define __GFP_REPEAT	((gfp_t)0x400u)
#define __GFP_NORETRY	((gfp_t)0x1000u)
#define __GFP_ZERO	((gfp_t)0x8000u)

#define GFP_KERNEL	(__GFP_WAIT | __GFP_IO | __GFP_FS)
#define GFP_HIGHUSER	(GFP_KERNEL | __GFP_HIGHMEM)

struct page;

extern struct page *alloc_page(gfp_t gfp);
extern void __free_page(struct page *page);
extern unsigned long __get_free_page(gfp_t gfp);
extern void free_page(unsigned long addr);

#endif /* __LINUX_GFP_H */
