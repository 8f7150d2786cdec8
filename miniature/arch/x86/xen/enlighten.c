// SPDX-License-Identifier: GPL-2.0
/*
 * Where a Xen domain starts.
 */
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/module.h>

#include <asm/fixmap.h>
#include <asm/setup.h>
#include <asm/system.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/hypervisor.h>
#include <asm/xen/page.h>

#include <xen/xen.h>
#include <xen/features.h>
#include <xen/interface/xen.h>

#include "xen-ops.h"
#include "mmu.h"

enum xen_domain_type xen_domain_type = XEN_NATIVE;
EXPORT_SYMBOL_GPL(xen_domain_type);

unsigned long *machine_to_phys_mapping = (void *)MACH2PHYS_VIRT_START;
unsigned int   machine_to_phys_order;

struct start_info *xen_start_info;
EXPORT_SYMBOL_GPL(xen_start_info);

/* Stands in until the real one is mapped, and while we are suspended */
struct shared_info xen_dummy_shared_info;
struct shared_info *HYPERVISOR_shared_info = &xen_dummy_shared_info;

u8 xen_features[XENFEAT_NR_SUBMAPS * 32] __read_mostly;
EXPORT_SYMBOL_GPL(xen_features);

void xen_setup_features(void)
{
	struct xen_feature_info fi = { .submap_idx = 0 };
	int i;

	if (HYPERVISOR_xen_version(XENVER_get_features, &fi) < 0)
		return;
	for (i = 0; i < 32; i++)
		xen_features[i] = !!(fi.submap & 1U << i);
}

void xen_setup_shared_info(void)
{
	if (!xen_feature(XENFEAT_auto_translated_physmap)) {
		__set_fixmap(FIX_PARAVIRT_BOOTMAP,
			     xen_start_info->shared_info, PAGE_KERNEL);

		HYPERVISOR_shared_info =
			(struct shared_info *)fix_to_virt(FIX_PARAVIRT_BOOTMAP);
	} else
		HYPERVISOR_shared_info =
			(struct shared_info *)__va(xen_start_info->shared_info);

	xen_setup_mfn_list_list();
}

/* Called from the assembler stub, with interrupts and paging as Xen left it */
void __init xen_start_kernel(void)
{
	pgd_t *pgd;

	if (!xen_start_info)
		return;

	xen_domain_type = XEN_PV_DOMAIN;

	xen_setup_machphys_mapping();

	x86_init.memory_setup = xen_memory_setup;
	x86_init.arch_setup = xen_arch_setup;

	xen_init_mmu_ops();

	/* Flags that must not get into an entry, and one that may. */
	__supported_pte_mask &= ~_PAGE_GLOBAL;
	if (!xen_initial_domain())
		__supported_pte_mask &= ~(_PAGE_PWT | _PAGE_PCD);

	__supported_pte_mask |= _PAGE_IOMAP;

	xen_setup_features();

	/* From here on PFNs can be translated. */
	if (!xen_feature(XENFEAT_auto_translated_physmap))
		xen_build_dynamic_phys_to_machine();

	pgd = (pgd_t *)xen_start_info->pt_base;

	local_irq_disable();

	memblock_init();

	pgd = xen_setup_kernel_pagetable(pgd, xen_start_info->nr_pages);
	init_mm.pgd = pgd;
	xen_ident_map_ISA();

	/* And the toolstack can follow. */
	xen_build_mfn_list_list();
}
