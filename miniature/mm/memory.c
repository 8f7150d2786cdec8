// SPDX-License-Identifier: GPL-2.0
/*
 * Filling page tables.  Walking them is left out: get_locked_pte() finds the
 * entry of an address, whatever levels there are above it.
 */
#include <linux/mm.h>
#include <linux/module.h>

#include <asm/io.h>
#include <asm/pgtable.h>

static int insert_pte(struct mm_struct *mm, unsigned long addr, pte_t entry)
{
	spinlock_t *ptl;
	int retval = -EBUSY;
	pte_t *pte;

	pte = get_locked_pte(mm, addr, &ptl);
	if (!pte)
		return -ENOMEM;
	if (pte_none(*pte)) {
		set_pte_at(mm, addr, pte, entry);
		retval = 0;
	}
	pte_unmap_unlock(pte, ptl);

	return retval;
}

/* For pages the kernel has allocated, never for a device's memory */
int vm_insert_page(struct vm_area_struct *vma, unsigned long addr,
		   struct page *page)
{
	int err;

	if (addr < vma->vm_start || addr >= vma->vm_end)
		return -EFAULT;
	if (!page_count(page))
		return -EINVAL;
	vma->vm_flags |= VM_INSERTPAGE;
	err = insert_pte(vma->vm_mm, addr, mk_pte(page, vma->vm_page_prot));
	if (!err)
		get_page(page);
	return err;
}
EXPORT_SYMBOL(vm_insert_page);

static int insert_pfn(struct vm_area_struct *vma, unsigned long addr,
		      unsigned long pfn, pgprot_t prot)
{
	return insert_pte(vma->vm_mm, addr,
			  pte_mkspecial(pfn_pte(pfn, prot)));
}

/* One frame, for fault handlers.  Sets no flag of the area. */
int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr,
		  unsigned long pfn)
{
	BUG_ON(!(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)));
	BUG_ON((vma->vm_flags & VM_PFNMAP) && is_cow_mapping(vma->vm_flags));
	BUG_ON((vma->vm_flags & VM_MIXEDMAP) && pfn_valid(pfn));

	if (addr < vma->vm_start || addr >= vma->vm_end)
		return -EFAULT;
	return insert_pfn(vma, addr, pfn, vma->vm_page_prot);
}
EXPORT_SYMBOL(vm_insert_pfn);

/* The same where RAM and device memory meet in one area */
int vm_insert_mixed(struct vm_area_struct *vma, unsigned long addr,
		    unsigned long pfn)
{
	BUG_ON(!(vma->vm_flags & VM_MIXEDMAP));

	if (addr < vma->vm_start || addr >= vma->vm_end)
		return -EFAULT;
	return insert_pfn(vma, addr, pfn, vma->vm_page_prot);
}
EXPORT_SYMBOL(vm_insert_mixed);

/* Many frames in a row, when the area is made */
int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr,
		    unsigned long pfn, unsigned long size, pgprot_t prot)
{
	unsigned long end = addr + PAGE_ALIGN(size);
	int err = 0;

	if (addr == vma->vm_start && end == vma->vm_end)
		vma->vm_pgoff = pfn;
	else if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;

	/* Looking may have effects; no accounting; no struct page. */
	vma->vm_flags |= VM_IO | VM_RESERVED | VM_PFNMAP;

	for (; !err && addr != end; addr += PAGE_SIZE, pfn++)
		err = insert_pfn(vma, addr, pfn, prot);

	return err;
}
EXPORT_SYMBOL(remap_pfn_range);

int apply_to_page_range(struct mm_struct *mm, unsigned long addr,
			unsigned long size, pte_fn_t fn, void *data)
{
	unsigned long end = addr + size;
	spinlock_t *ptl;
	pte_t *pte;
	int err = 0;

	for (; !err && addr != end; addr += PAGE_SIZE) {
		pte = get_locked_pte(mm, addr, &ptl);
		if (!pte)
			return -ENOMEM;
		err = fn(pte, NULL, addr, data);
		pte_unmap_unlock(pte, ptl);
	}

	return err;
}
EXPORT_SYMBOL_GPL(apply_to_page_range);

/* How a debugger gets at device memory, and at nothing else */
int generic_access_phys(struct vm_area_struct *vma, unsigned long addr,
			void *buf, int len, int write)
{
	unsigned long pfn = 0;
	void __iomem *maddr;
	spinlock_t *ptl;
	pte_t *ptep;

	if (!(vma->vm_flags & (VM_IO | VM_PFNMAP)))
		return -EINVAL;

	ptep = get_locked_pte(vma->vm_mm, addr, &ptl);
	if (!ptep)
		return -EINVAL;
	if (pte_present(*ptep) && (!write || pte_write(*ptep)))
		pfn = pte_pfn(*ptep);
	pte_unmap_unlock(ptep, ptl);

	maddr = pfn ? ioremap((resource_size_t)pfn << PAGE_SHIFT, PAGE_SIZE)
		    : NULL;
	if (!maddr)
		return -EINVAL;
	if (write)
		memcpy_toio((char __iomem *)maddr + (addr & ~PAGE_MASK),
			    buf, len);
	else
		memcpy_fromio(buf, (char __iomem *)maddr + (addr & ~PAGE_MASK),
			      len);
	iounmap(maddr);

	return len;
}
