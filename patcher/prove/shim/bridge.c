/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compiled with the headers of the tree under test: its constants and inline
 * functions, the types of what the hypervisor fills in, and what the code
 * under test calls and Xen or the boot code would supply. All of that is
 * weak: where the tree's own files define it, theirs counts.
 */
#define m2p_find_override_pfn prove_find_override_pfn
#include <linux/types.h>
#include <linux/mm.h>
#include <linux/gfp.h>
#include <linux/errno.h>
#include <asm/pgtable.h>
#include <asm/setup.h>
#include <asm/pat.h>
#include <asm/e820.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/hypervisor.h>
#include <xen/xen.h>
#include <xen/page.h>
#include <xen/features.h>
#include <xen/interface/xen.h>
#include <xen/interface/memory.h>
#include "shim.h"

#ifdef machine_to_phys_mapping
#error Xen's table from MFN to PFN has a fixed address in this tree, where user space can have no page
#endif

#define WEAK __attribute__((weak))

/* What may be missing in a tree */
extern void xen_build_dynamic_phys_to_machine(void) WEAK;
extern void xen_build_mfn_list_list(void) WEAK;
extern char *xen_memory_setup(void) WEAK;
extern bool set_phys_to_machine(unsigned long pfn, unsigned long mfn) WEAK;
extern unsigned long get_phys_to_machine(unsigned long pfn) WEAK;
extern unsigned long set_phys_range_identity(unsigned long pfn_s, unsigned long pfn_e) WEAK;
extern unsigned long set_phys_range_missing(unsigned long pfn_s, unsigned long pfn_e) WEAK;
extern bool xen_add_device_range(unsigned long start, unsigned long end) WEAK;
extern pte_t xen_make_pte(pteval_t pte) WEAK;
extern pteval_t xen_pte_val(pte_t pte) WEAK;
extern unsigned long *p2m_top_mfn WEAK;
extern unsigned long ***p2m_top WEAK;
extern unsigned long *p2m_missing WEAK, **p2m_mid_missing WEAK, *p2m_identity WEAK, **p2m_mid_identity WEAK;
extern unsigned long **p2m_top_mfn_p WEAK;
extern unsigned long xen_max_p2m_pfn WEAK;
extern phys_addr_t xen_extra_mem_start WEAK, xen_extra_mem_size WEAK;
#ifdef CONFIG_X86_PAT
extern int pat_enabled WEAK;
#endif

/* What Xen and the boot code leave behind. */
static struct start_info info;
static struct shared_info shared;
WEAK struct start_info *xen_start_info = &info;
WEAK struct shared_info *HYPERVISOR_shared_info = &shared;
WEAK struct shared_info xen_dummy_shared_info;
WEAK enum xen_domain_type xen_domain_type;
WEAK u8 xen_features[XENFEAT_NR_SUBMAPS * 32];
WEAK unsigned long *machine_to_phys_mapping;
WEAK unsigned int machine_to_phys_order;
WEAK struct e820map e820;
#ifdef CONFIG_X86_PAT
WEAK int pat_enabled;
#endif

/* The boot allocator, and the page allocator. */
WEAK void *extend_brk(size_t size, size_t align)
{
	return early_page(size, align);
}

#undef __get_free_page
#undef free_page
#undef get_zeroed_page
WEAK unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	return late_page(!!(gfp & __GFP_ZERO), order);
}

WEAK unsigned long __get_free_page(gfp_t gfp)
{
	return late_page(!!(gfp & __GFP_ZERO), 0);
}

WEAK unsigned long get_zeroed_page(gfp_t gfp)
{
	return late_page(1, 0);
}

WEAK void free_pages(unsigned long address, unsigned int order)
{
	late_free(address, order);
}

WEAK void free_page(unsigned long address)
{
	late_free(address, 0);
}

/* What is only told. */
#ifndef asmlinkage
#define asmlinkage
#endif
WEAK asmlinkage int printk(const char *format, ...)
{
	told();
	return 0;
}

WEAK void warn_slowpath_fmt(const char *file, const int line, const char *format, ...)
{
	warned(__builtin_return_address(0));
}

WEAK void warn_slowpath_null(const char *file, const int line)
{
	warned(__builtin_return_address(0));
}

WEAK void panic(const char *format, ...)
{
	shim_stop(STOP_PANIC, (unsigned long)__builtin_return_address(0), 0, 0);
}

WEAK void memblock_x86_reserve_range(u64 start, u64 end, char *name)
{
}

/* Where the tree has no arch/x86/kernel/e820.c of its own: the plain reading of what these two promise. */
WEAK void e820_add_region(u64 start, u64 size, int type)
{
	if (e820.nr_map >= ARRAY_SIZE(e820.map))
		return;
	e820.map[e820.nr_map].addr = start;
	e820.map[e820.nr_map].size = size;
	e820.map[e820.nr_map].type = type;
	e820.nr_map++;
}

/* Sorted, without overlaps: where regions overlap, the higher type counts; neighbours of one type are merged. */
WEAK int sanitize_e820_map(struct e820entry *map, int max, u32 *count)
{
	static struct e820entry out[2 * E820MAX];
	unsigned i, n = *count, made = 0;
	u64 at = 0;

	if (n < 2)
		return -1;
	for (;;) {
		u64 next = ~0ULL;
		u32 type = 0;

		for (i = 0; i < n; i++) {
			u64 start = map[i].addr, end = start + map[i].size;

			if (!map[i].size)
				continue;
			if (start <= at && at < end) {
				if (map[i].type > type)
					type = map[i].type;
				if (end < next)
					next = end;
			} else if (start > at && start < next)
				next = start;
		}
		if (next == ~0ULL)
			break;
		if (type) {
			if (made && out[made - 1].type == type && out[made - 1].addr + out[made - 1].size == at)
				out[made - 1].size += next - at;
			else if (made < max) {
				out[made].addr = at;
				out[made].size = next - at;
				out[made].type = type;
				made++;
			}
		}
		at = next;
	}
	for (i = 0; i < made; i++)
		map[i] = out[i];
	*count = made;
	return 0;
}

/* The hypervisor. */
static long answer_map(struct xen_memory_map *map)
{
	unsigned i, count = memory_map_count();
	struct e820entry *to;
	word addr, size, type;

	if (memory_map_result())
		return memory_map_result();
	to = *(struct e820entry **)&map->buffer;
	if (count > map->nr_entries)
		count = map->nr_entries;
	for (i = 0; i < count; i++) {
		memory_map(&addr, &size, &type, i);
		to[i].addr = addr;
		to[i].size = size;
		to[i].type = type;
	}
	map->nr_entries = count;
	return 0;
}

static long memory_op(unsigned long op, void *arg)
{
	struct xen_memory_reservation *reservation = arg;
	unsigned long i, *frames, done = 0;

	switch (op) {
	case XENMEM_memory_map:
#ifdef XENMEM_machine_memory_map
	case XENMEM_machine_memory_map:
#endif
		return answer_map(arg);
	case XENMEM_decrease_reservation:
		frames = *(unsigned long **)&reservation->extent_start;
		for (i = 0; i < reservation->nr_extents; i++)
			done += release_frame(frames[i]);
		return done;
	}
	shim_stop(STOP_HYPERCALL, __HYPERVISOR_memory_op, op, 0);
}

long hypercall(unsigned long number, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
	       unsigned long a5)
{
	if (number == __HYPERVISOR_memory_op)
		return memory_op(a1, (void *)a2);
	shim_stop(STOP_HYPERCALL, number, a1, 0);
}

#ifdef CONFIG_X86_32
long hypercall_frame(unsigned long *frame)
{
	return hypercall(frame[0], frame[1], frame[2], frame[3], frame[4], frame[5]);
}
#endif

/* A tree may have one function for all calls. */
WEAK long xen_hypercall(unsigned long number, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4)
{
	return hypercall(number, a1, a2, a3, a4, 0);
}

/*
 * A tree with m2p overrides keeps them as a list of struct page, at addresses
 * of the kernel's half. The mfn_to_pfn() that a scenario calls asks here.
 */
static struct { unsigned long mfn, pfn; } overrides[16];
static unsigned overridden;

void add_override(word mfn, word pfn)
{
	if (overridden == ARRAY_SIZE(overrides))
		shim_stop(STOP_BAD_SCENARIO, 10, mfn, 0);
	overrides[overridden].mfn = mfn;
	overrides[overridden++].pfn = pfn;
}

unsigned long prove_find_override_pfn(unsigned long mfn, unsigned long pfn)
{
	unsigned i;

	for (i = overridden; i; i--)
		if (overrides[i - 1].mfn == mfn)
			return overrides[i - 1].pfn;
	return pfn;
}

/*
 * Where Xen's table is read past its end, the tree's exception table says how
 * to go on. That holds for the tree's code alone, so this is none of the shim's.
 */
static __attribute__((__noinline__, __section__(".text.inlines"))) unsigned long of_tree_mfn_to_pfn(unsigned long mfn)
{
	return mfn_to_pfn(mfn);
}

/* The calls a scenario makes. */
int has_call(enum call call)
{
	switch (call) {
	case CALL_BUILD:	return !!xen_build_dynamic_phys_to_machine;
	case CALL_LIST:		return !!xen_build_mfn_list_list;
	case CALL_MEMORY:	return !!xen_memory_setup;
	case CALL_SET:		return !!set_phys_to_machine;
	case CALL_GET:		return !!get_phys_to_machine;
	case CALL_IDENTITY:	return !!set_phys_range_identity;
	case CALL_MISSING:	return !!set_phys_range_missing;
	case CALL_MAKE_PTE:	return !!xen_make_pte;
	case CALL_PTE_VAL:	return !!xen_pte_val;
	case CALL_ADD_DEVICE:	return !!xen_add_device_range;
	case CALL_MODIFY:
	case CALL_HIDE:		return xen_make_pte && xen_pte_val;
	default:		return 1;
	}
}

/* What pte_modify() keeps of a PTE: as the tree says, or else as Linux does. */
#ifndef _PAGE_CHG_MASK
#define _PAGE_CHG_MASK (PTE_PFN_MASK | _PAGE_PCD | _PAGE_PWT | _PAGE_SPECIAL | _PAGE_ACCESSED | _PAGE_DIRTY)
#endif
#define PROT_NONE_BITS (_PAGE_GLOBAL | _PAGE_ACCESSED)

static pte_t modified(pte_t pte, pteval_t protection)
{
	return xen_make_pte((xen_pte_val(pte) & _PAGE_CHG_MASK) | (protection & ~_PAGE_CHG_MASK));
}

/* On 32 bits an answer may have 32 bits more than a long: a PTE. */
word do_call(enum call call, word a, word b)
{
	pte_t pte;

	switch (call) {
	case CALL_BUILD:	xen_build_dynamic_phys_to_machine(); return 0;
	case CALL_LIST:		xen_build_mfn_list_list(); return 0;
	case CALL_MEMORY:	xen_memory_setup(); return 0;
	case CALL_SET:		return set_phys_to_machine(a, b);
	case CALL_GET:		return get_phys_to_machine(a);
	case CALL_IDENTITY:	return set_phys_range_identity(a, b);
	case CALL_MISSING:	return set_phys_range_missing(a, b);
	case CALL_MAKE_PTE:	return xen_make_pte(a).pte;
	case CALL_PTE_VAL:	pte.pte = a; return xen_pte_val(pte);
	case CALL_ADD_DEVICE:	return xen_add_device_range(a, b);
	case CALL_MODIFY:	pte.pte = a; return modified(pte, b).pte;
	case CALL_HIDE:		pte.pte = a; return modified(modified(pte, PROT_NONE_BITS), b).pte;
	case CALL_PFN_TO_MFN:	return pfn_to_mfn(a);
	case CALL_MFN_TO_PFN:	return of_tree_mfn_to_pfn(a);
	case CALL_VALID:	return !!phys_to_machine_mapping_valid(a);
	default:		shim_stop(STOP_BAD_SCENARIO, call, 0, 0);
	}
}

void set_machine(word nr_pages, word mfn_list, word pt_base, int initial, int translated, word m2p, unsigned order,
		 int pat)
{
	xen_start_info->nr_pages = nr_pages;
	xen_start_info->mfn_list = mfn_list;
	xen_start_info->pt_base = pt_base;
	xen_start_info->flags = initial ? SIF_PRIVILEGED | SIF_INITDOMAIN : 0;
	xen_domain_type = XEN_PV_DOMAIN;
	xen_features[XENFEAT_auto_translated_physmap] = translated;
	machine_to_phys_mapping = (unsigned long *)(unsigned long)m2p;
	machine_to_phys_order = order;
#ifdef CONFIG_X86_PAT
	pat_enabled = pat;
#endif
}

word list_frame(void)
{
	return HYPERVISOR_shared_info->arch.pfn_to_mfn_frame_list_list;
}

word list_top(void)
{
	return &p2m_top_mfn && p2m_top_mfn ? (unsigned long)p2m_top_mfn : 0;
}

#define ADDRESS(symbol) (&(symbol) ? (word)(unsigned long)&(symbol) : 0)
#define VALUE(symbol) (&(symbol) ? (word)(symbol) : 0)

word fact(enum fact which)
{
	switch (which) {
	case FACT_BITS: return 8 * sizeof(long);
	case FACT_INVALID: return INVALID_P2M_ENTRY;
#ifdef FOREIGN_FRAME_BIT
	case FACT_FOREIGN_BIT: return FOREIGN_FRAME_BIT;
#endif
#ifdef IDENTITY_FRAME_BIT
	case FACT_IDENTITY_BIT: return IDENTITY_FRAME_BIT;
#endif
	case FACT_MAX_DOMAIN_PAGES: return MAX_DOMAIN_PAGES;
	case FACT_PAGE_OFFSET: return PAGE_OFFSET;
#ifdef _PAGE_IOMAP
	case FACT_IOMAP: return _PAGE_IOMAP;
#endif
	case FACT_PRESENT: return _PAGE_PRESENT;
	case FACT_PFN_MASK: return PTE_PFN_MASK;
	case FACT_ISA_START: return ISA_START_ADDRESS;
	case FACT_ISA_END: return ISA_END_ADDRESS;
	case FACT_P2M_TOP: return ADDRESS(p2m_top);
	case FACT_P2M_MISSING: return ADDRESS(p2m_missing);
	case FACT_P2M_MID_MISSING: return ADDRESS(p2m_mid_missing);
	case FACT_P2M_IDENTITY: return ADDRESS(p2m_identity);
	case FACT_P2M_MID_IDENTITY: return ADDRESS(p2m_mid_identity);
	case FACT_P2M_TOP_MFN: return ADDRESS(p2m_top_mfn);
	case FACT_P2M_TOP_MFN_P: return ADDRESS(p2m_top_mfn_p);
	case FACT_MAX_P2M_PFN: return VALUE(xen_max_p2m_pfn);
	case FACT_EXTRA_START: return VALUE(xen_extra_mem_start);
	case FACT_EXTRA_SIZE: return VALUE(xen_extra_mem_size);
#ifdef IDENTITY_FRAME
	case FACT_IDENTITY_MARK: return IDENTITY_FRAME(0UL);
#endif
#ifdef FOREIGN_FRAME
	case FACT_FOREIGN_MARK: return FOREIGN_FRAME(0UL);
#endif
	case FACT_MASK_SHIFT: return __PHYSICAL_MASK_SHIFT;
	default: return 0;
	}
}
