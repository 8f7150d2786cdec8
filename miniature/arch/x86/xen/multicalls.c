// SPDX-License-Identifier: GPL-2.0
/* Hypercalls are slow, so they are queued here and made in one go. */
#include <linux/kernel.h>
#include <linux/percpu.h>

#include <asm/xen/hypercall.h>

#include "multicalls.h"

#define MC_BATCH	32
#define MC_ARGS		(MC_BATCH * 2)

struct mc_buffer {
	struct multicall_entry entries[MC_BATCH];
	u64 args[MC_ARGS];
	unsigned mcidx, argidx;
};

static DEFINE_PER_CPU(struct mc_buffer, mc_buffer);
DEFINE_PER_CPU(unsigned long, xen_mc_irq_flags);

void xen_mc_flush(void)
{
	struct mc_buffer *b = &__get_cpu_var(mc_buffer);
	unsigned long flags;
	int failed = 0;
	unsigned i;

	local_irq_save(flags);

	if (b->mcidx && HYPERVISOR_multicall(b->entries, b->mcidx) != 0)
		BUG();

	for (i = 0; i < b->mcidx; i++)
		failed += b->entries[i].result < 0;

	b->mcidx = 0;
	b->argidx = 0;

	local_irq_restore(flags);

	WARN_ON(failed);
}

struct multicall_space __xen_mc_entry(size_t args)
{
	struct mc_buffer *b = &__get_cpu_var(mc_buffer);
	unsigned slots = DIV_ROUND_UP(args, sizeof(u64));
	struct multicall_space ret;

	BUG_ON(slots > MC_ARGS);

	if (b->mcidx == MC_BATCH || b->argidx + slots > MC_ARGS)
		xen_mc_flush();

	ret.mc = &b->entries[b->mcidx++];
	ret.args = &b->args[b->argidx];
	b->argidx += slots;

	return ret;
}
