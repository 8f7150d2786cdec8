/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _XEN_MULTICALLS_H
#define _XEN_MULTICALLS_H

#include <linux/percpu.h>
#include <asm/paravirt.h>
#include <asm/system.h>

#include "xen-ops.h"

/* A hypercall in the making, and room for what its arguments point to */
struct multicall_space {
	struct multicall_entry *mc;
	void *args;
};

struct multicall_space __xen_mc_entry(size_t args);

DECLARE_PER_CPU(unsigned long, xen_mc_irq_flags);

/* Interrupts stay off from here to xen_mc_issue(). */
static inline void xen_mc_batch(void)
{
	unsigned long flags;

	local_irq_save(flags);
	__get_cpu_var(xen_mc_irq_flags) = flags;
}

static inline struct multicall_space xen_mc_entry(size_t args)
{
	xen_mc_batch();
	return __xen_mc_entry(args);
}

/* Do all that is queued on this cpu. */
void xen_mc_flush(void);

/* Flush, unless the caller is in lazy @mode and more is to come. */
static inline void xen_mc_issue(unsigned mode)
{
	if ((paravirt_get_lazy_mode() & mode) == 0)
		xen_mc_flush();

	local_irq_restore(percpu_read(xen_mc_irq_flags));
}

#endif /* _XEN_MULTICALLS_H */
