// SPDX-License-Identifier: GPL-2.0
/* Frame buffers: sets VM_IO before it asks for the protection. */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>

#define FB_MAX	32

struct fb_info {
	unsigned long smem_start;	/* physical address */
	u32 smem_len;
};

static struct fb_info *registered_fb[FB_MAX];

static int fb_mmap(struct file *file, struct vm_area_struct *vma)
{
	int fbidx = iminor(file->f_inode);
	struct fb_info *info = fbidx < FB_MAX ? registered_fb[fbidx] : NULL;
	unsigned long off, start;
	u32 len;

	if (!info)
		return -ENODEV;
	if (vma->vm_pgoff > (~0UL >> PAGE_SHIFT))
		return -EINVAL;

	off = vma->vm_pgoff << PAGE_SHIFT;
	start = info->smem_start;
	len = PAGE_ALIGN((start & ~PAGE_MASK) + info->smem_len);
	start &= PAGE_MASK;
	if (off >= len || vma->vm_end - vma->vm_start > len - off)
		return -EINVAL;
	off += start;
	vma->vm_pgoff = off >> PAGE_SHIFT;

	vma->vm_flags |= VM_IO | VM_RESERVED;
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	if (io_remap_pfn_range(vma, vma->vm_start, off >> PAGE_SHIFT,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot))
		return -EAGAIN;
	return 0;
}

const struct file_operations fb_fops = {
	.owner = THIS_MODULE,
	.mmap = fb_mmap,
};
