/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XEN_OPS_H
#define XEN_OPS_H

#include <linux/init.h>
#include <linux/types.h>
#include <asm/pgtable.h>
#include <xen/interface/xen.h>

extern struct start_info *xen_start_info;
extern struct shared_info xen_dummy_shared_info;
extern struct shared_info *HYPERVISOR_shared_info;

void xen_setup_mfn_list_list(void);
void xen_setup_shared_info(void);
void xen_build_mfn_list_list(void);
void xen_setup_machphys_mapping(void);
pgd_t *xen_setup_kernel_pagetable(pgd_t *pgd, unsigned long max_pfn);
void xen_ident_map_ISA(void);
extern unsigned long xen_max_p2m_pfn;

char * __init xen_memory_setup(void);
void __init xen_arch_setup(void);

void __init xen_build_dynamic_phys_to_machine(void);

void xen_start_kernel(void);

#endif /* XEN_OPS_H */
