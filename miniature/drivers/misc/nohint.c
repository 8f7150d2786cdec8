// SPDX-License-Identifier: GPL-2.0
/*
 * A made-up card whose registers are mapped page by page, as they are
 * touched.  Neither the driver nor vm_insert_pfn() sets VM_IO: a scheme that
 * knows device memory by that flag would have needed a patch to this file.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>

#define NOHINT_PHYS	0xfeb00000UL
#define NOHINT_PAGES	16

static int nohint_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	unsigned long addr = (unsigned long)vmf->virtual_address & PAGE_MASK;
	int err;

	if (vmf->pgoff >= NOHINT_PAGES)
		return VM_FAULT_SIGBUS;

	err = vm_insert_pfn(vma, addr,
			    (NOHINT_PHYS >> PAGE_SHIFT) + vmf->pgoff);
	if (err == -ENOMEM)
		return VM_FAULT_OOM;

	return err && err != -EBUSY ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}

static const struct vm_operations_struct nohint_vm_ops = {
	.fault = nohint_fault,
};

static int nohint_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;

	vma->vm_flags |= VM_PFNMAP;
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_ops = &nohint_vm_ops;

	return 0;
}

const struct file_operations nohint_fops = {
	.owner = THIS_MODULE,
	.mmap = nohint_mmap,
};
