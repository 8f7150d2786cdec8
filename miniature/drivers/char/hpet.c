// SPDX-License-Identifier: GPL-2.0
/* The registers of the event timer */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>

#define HPET_BASE	0xfed00000UL

static int hpet_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long addr = HPET_BASE;

	if (vma->vm_end - vma->vm_start != PAGE_SIZE || vma->vm_pgoff)
		return -EINVAL;

	vma->vm_flags |= VM_IO;
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);

	if (io_remap_pfn_range(vma, vma->vm_start, addr >> PAGE_SHIFT,
			       PAGE_SIZE, vma->vm_page_prot)) {
		printk(KERN_ERR "%s: io_remap_pfn_range failed\n", __func__);
		return -EAGAIN;
	}

	return 0;
}

const struct file_operations hpet_fops = {
	.owner = THIS_MODULE,
	.mmap = hpet_mmap,
};
