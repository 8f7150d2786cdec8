/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>
#include <linux/spinlock.h>
#include <asm/page.h>
#include <asm/pgtable.h>

struct file;
struct vm_area_struct;

struct page {
	unsigned long flags;
	int _count;
	struct page *next;		/* for whoever has taken it */
};

struct rw_semaphore {
	long count;
};

struct mm_struct {
	pgd_t *pgd;
	struct rw_semaphore mmap_sem;	/* for the list of areas */
};

extern void down_write(struct rw_semaphore *sem);
extern void up_write(struct rw_semaphore *sem);

extern struct mm_struct init_mm;

struct vm_fault {
	unsigned int flags;
	pgoff_t pgoff;
	void __user *virtual_address;
};

struct vm_operations_struct {
	int (*fault)(struct vm_area_struct *vma, struct vm_fault *vmf);
	int (*access)(struct vm_area_struct *vma, unsigned long addr,
		      void *buf, int len, int write);
};

struct vm_area_struct {
	struct mm_struct *vm_mm;
	unsigned long vm_start;
	unsigned long vm_end;		/* first byte behind it */
	struct vm_area_struct *vm_next;
	pgprot_t vm_page_prot;
	unsigned long vm_flags;
	void *anon_vma;
	const struct vm_operations_struct *vm_ops;
	unsigned long vm_pgoff;		/* in pages */
	struct file *vm_file;
	void *vm_private_data;
};

#define VM_WRITE	0x00000002
#define VM_SHARED	0x00000008
#define VM_MAYWRITE	0x00000020
#define VM_PFNMAP	0x00000400	/* frames only, no struct page */
#define VM_LOCKED	0x00002000
#define VM_IO		0x00004000	/* device memory: hands off */
#define VM_DONTCOPY	0x00020000	/* fork leaves it out */
#define VM_DONTEXPAND	0x00040000
#define VM_RESERVED	0x00080000
#define VM_INSERTPAGE	0x02000000	/* has had vm_insert_page() */
#define VM_ALWAYSDUMP	0x04000000
#define VM_MIXEDMAP	0x10000000	/* frames of both kinds */

/* Areas not to be merged, grown or moved */
#define VM_SPECIAL	(VM_IO | VM_DONTEXPAND | VM_RESERVED | VM_PFNMAP)

#define VM_FAULT_OOM	0x0001
#define VM_FAULT_SIGBUS	0x0002
#define VM_FAULT_NOPAGE	0x0100

extern struct page *mem_map;
extern unsigned long max_pfn, max_low_pfn;

#define pfn_to_page(pfn)	(mem_map + (pfn))
#define page_to_pfn(page)	((unsigned long)((page) - mem_map))
#define pfn_valid(pfn)		((pfn) < max_pfn)
#define virt_addr_valid(addr)	pfn_valid(__pa(addr) >> PAGE_SHIFT)

#define page_count(page)	ACCESS_ONCE((page)->_count)
#define get_page(page)		__sync_fetch_and_add(&(page)->_count, 1)
#define PageReserved(page)	(((page)->flags >> PG_reserved) & 1)
#define ClearPageReserved(page)	((page)->flags &= ~(1UL << PG_reserved))

static inline int PageHighMem(const struct page *page)
{
#ifdef CONFIG_HIGHMEM
	return ((page->flags >> NR_PAGEFLAGS) & 3) == ZONE_HIGHMEM;
#else
	return 0;
#endif
}

static inline bool is_cow_mapping(unsigned long flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

typedef int (*pte_fn_t)(pte_t *pte, pgtable_t token, unsigned long addr,
			void *data);
extern int apply_to_page_range(struct mm_struct *mm, unsigned long addr,
			       unsigned long size, pte_fn_t fn, void *data);

extern pte_t *get_locked_pte(struct mm_struct *mm, unsigned long addr,
			     spinlock_t **ptl);
#define pte_unmap_unlock(pte, ptl)	spin_unlock(ptl)

extern struct vm_area_struct *find_vma(struct mm_struct *mm,
				       unsigned long addr);
extern pgprot_t vm_get_page_prot(unsigned long vm_flags);
extern int make_pages_present(unsigned long start, unsigned long end);

extern int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr,
			   unsigned long pfn, unsigned long size,
			   pgprot_t prot);
extern int vm_insert_page(struct vm_area_struct *vma, unsigned long addr,
			  struct page *page);
extern int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr,
			 unsigned long pfn);
extern int vm_insert_mixed(struct vm_area_struct *vma, unsigned long addr,
			   unsigned long pfn);

/* To some architectures device memory is another thing; x86 has a macro. */
#ifndef io_remap_pfn_range
extern int io_remap_pfn_range(struct vm_area_struct *vma, unsigned long addr,
			      unsigned long pfn, unsigned long size,
			      pgprot_t prot);
#endif

extern int generic_access_phys(struct vm_area_struct *vma, unsigned long addr,
			       void *buf, int len, int write);

#endif /* _LINUX_MM_H */
