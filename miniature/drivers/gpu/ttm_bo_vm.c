// SPDX-License-Identifier: GPL-2.0
/* A buffer of a graphics card, now in RAM, now in the card's own memory. */
#include <linux/mm.h>
#include <linux/module.h>

struct ttm_buffer_object {
	unsigned long num_pages;
	unsigned long bus_pfn;		/* in the card, if there are no pages */
	struct page **pages;
};

static int ttm_bo_vm_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	struct ttm_buffer_object *bo = vma->vm_private_data;
	unsigned long address = (unsigned long)vmf->virtual_address;
	unsigned long page_offset, pfn;
	int ret;

	page_offset = ((address - vma->vm_start) >> PAGE_SHIFT) +
		vma->vm_pgoff;
	if (page_offset >= bo->num_pages)
		return VM_FAULT_SIGBUS;

	if (bo->pages)
		pfn = page_to_pfn(bo->pages[page_offset]);
	else
		pfn = bo->bus_pfn + page_offset;

	ret = vm_insert_mixed(vma, address, pfn);
	if (ret == -ENOMEM)
		return VM_FAULT_OOM;
	/* -EBUSY: somebody was faster */
	return ret == 0 || ret == -EBUSY ? VM_FAULT_NOPAGE : VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct ttm_bo_vm_ops = {
	.fault = ttm_bo_vm_fault,
};

int ttm_bo_mmap(struct ttm_buffer_object *bo, struct vm_area_struct *vma)
{
	vma->vm_ops = &ttm_bo_vm_ops;
	vma->vm_private_data = bo;
	vma->vm_flags |= VM_RESERVED | VM_IO | VM_MIXEDMAP | VM_DONTEXPAND;
	return 0;
}
EXPORT_SYMBOL(ttm_bo_mmap);
