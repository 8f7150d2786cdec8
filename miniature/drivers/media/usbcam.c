// SPDX-License-Identifier: GPL-2.0
/*
 * A made-up camera.  Its buffer is RAM and no device's memory: VM_IO is set
 * only to keep the area out of core dumps.
 */
#include <linux/mm.h>
#include <linux/module.h>

struct usbcam {
	unsigned long num_pages;
	struct page **pages;
};

int usbcam_mmap(struct usbcam *cam, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;
	unsigned long i;

	if ((vma->vm_end - addr) >> PAGE_SHIFT > cam->num_pages)
		return -EINVAL;

	vma->vm_flags |= VM_IO;
	vma->vm_flags |= VM_RESERVED;

	for (i = 0; addr < vma->vm_end; i++, addr += PAGE_SIZE)
		if (vm_insert_page(vma, addr, cam->pages[i]))
			return -EAGAIN;

	return 0;
}
EXPORT_SYMBOL(usbcam_mmap);
