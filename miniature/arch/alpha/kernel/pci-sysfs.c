// SPDX-License-Identifier: GPL-2.0
/* Another architecture, and its headers are not in this tree. */
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/pci.h>
#include <asm/hwrpb.h>

static int hose_mmap_page_range(struct pci_controller *hose,
				struct vm_area_struct *vma,
				enum pci_mmap_state mmap_type, int sparse)
{
	unsigned long base;

	if (mmap_type == pci_mmap_mem)
		base = sparse ? hose->sparse_mem_base : hose->dense_mem_base;
	else
		base = sparse ? hose->sparse_io_base : hose->dense_io_base;

	vma->vm_pgoff += base >> PAGE_SHIFT;
	vma->vm_flags |= (VM_IO | VM_RESERVED);

	return io_remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff,
				  vma->vm_end - vma->vm_start,
				  vma->vm_page_prot);
}

int pci_mmap_resource(struct pci_dev *pdev, struct vm_area_struct *vma)
{
	return hose_mmap_page_range(pdev->sysdata, vma, pci_mmap_mem, 0);
}
