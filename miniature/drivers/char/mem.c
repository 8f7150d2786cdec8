// SPDX-License-Identifier: GPL-2.0
/* /dev/mem: VM_IO comes from remap_pfn_range(). */
#include <linux/fs.h>
#include <linux/mm.h>

static const struct vm_operations_struct mmap_mem_ops = {
	.access = generic_access_phys
};

static int mmap_mem(struct file *file, struct vm_area_struct *vma)
{
	size_t size = vma->vm_end - vma->vm_start;

	vma->vm_ops = &mmap_mem_ops;

	if (remap_pfn_range(vma,
			    vma->vm_start,
			    vma->vm_pgoff,
			    size,
			    vma->vm_page_prot))
		return -EAGAIN;
	return 0;
}

const struct file_operations mem_fops = {
	.mmap = mmap_mem,
};
