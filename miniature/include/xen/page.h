/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _XEN_PAGE_H
#define _XEN_PAGE_H

#include <asm/xen/page.h>

extern phys_addr_t xen_extra_mem_start, xen_extra_mem_size;

#endif /* _XEN_PAGE_H */
