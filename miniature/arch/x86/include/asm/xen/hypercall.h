/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_XEN_HYPERCALL_H
#define _ASM_X86_XEN_HYPERCALL_H

#include <linux/errno.h>
#include <asm/pgtable_types.h>
#include <xen/interface/xen.h>

/* The one way down; arguments that an operation doesn't have are 0. */
extern long xen_hypercall(unsigned long op, unsigned long a1,
			  unsigned long a2, unsigned long a3,
			  unsigned long a4);

#define _hypercall2(name, a1, a2)	_hypercall4(name, a1, a2, 0, 0)
#define _hypercall3(name, a1, a2, a3)	_hypercall4(name, a1, a2, a3, 0)
#define _hypercall4(name, a1, a2, a3, a4)				\
	xen_hypercall(__HYPERVISOR_##name,				\
		      (unsigned long)(a1), (unsigned long)(a2),		\
		      (unsigned long)(a3), (unsigned long)(a4))

static inline int
HYPERVISOR_mmu_update(struct mmu_update *req, int count, int *success_count,
		      domid_t domid)
{
	return _hypercall4(mmu_update, req, count, success_count, domid);
}

static inline int
HYPERVISOR_mmuext_op(struct mmuext_op *op, int count, int *success_count,
		     domid_t domid)
{
	return _hypercall4(mmuext_op, op, count, success_count, domid);
}

static inline int
HYPERVISOR_memory_op(unsigned int cmd, void *arg)
{
	return _hypercall2(memory_op, cmd, arg);
}

static inline int
HYPERVISOR_multicall(void *call_list, int nr_calls)
{
	return _hypercall2(multicall, call_list, nr_calls);
}

static inline int
HYPERVISOR_update_va_mapping(unsigned long va, pte_t new_val,
			     unsigned long flags)
{
#ifdef CONFIG_X86_64
	return _hypercall3(update_va_mapping, va, new_val.pte, flags);
#else
	return _hypercall4(update_va_mapping, va,
			   new_val.pte_low, new_val.pte_high, flags);
#endif
}

static inline int
HYPERVISOR_xen_version(int cmd, void *arg)
{
	return _hypercall2(xen_version, cmd, arg);
}

static inline int
HYPERVISOR_physdev_op(int cmd, void *arg)
{
	return _hypercall2(physdev_op, cmd, arg);
}

static inline void
MULTI_update_va_mapping(struct multicall_entry *mcl, unsigned long va,
			pte_t new_val, unsigned long flags)
{
	unsigned long *arg = mcl->args;

	mcl->op = __HYPERVISOR_update_va_mapping;
	*arg++ = va;
#ifdef CONFIG_X86_64
	*arg++ = new_val.pte;
#else
	*arg++ = new_val.pte_low;
	*arg++ = new_val.pte_high;
#endif
	*arg = flags;
}

static inline void
MULTI_mmu_update(struct multicall_entry *mcl, struct mmu_update *req,
		 int count, int *success_count, domid_t domid)
{
	mcl->op = __HYPERVISOR_mmu_update;
	mcl->args[0] = (unsigned long)req;
	mcl->args[1] = count;
	mcl->args[2] = (unsigned long)success_count;
	mcl->args[3] = domid;
}

#endif /* _ASM_X86_XEN_HYPERCALL_H */
