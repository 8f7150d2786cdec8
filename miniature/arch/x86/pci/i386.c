// SPDX-License-Identifier: GPL-2.0
/*
 * User space mappings of PCI BARs, through sysfs and procfs.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/pci.h>

#include <asm/pat.h>
#include <asm/pgtable.h>

static const struct vm_operations_struct pci_mmap_ops = {
	.access = generic_access_phys,
};

int pci_mmap_page_range(struct pci_dev *dev, struct vm_area_struct *vma,
			enum pci_mmap_state mmap_state, int write_combine)
{
	unsigned long prot;

	/* Ports are no memory. */
	if (mmap_state == pci_mmap_io)
		return -EINVAL;

	prot = pgprot_val(vma->vm_page_prot);

	if (!pat_enabled && write_combine)
		return -EINVAL;

	if (pat_enabled && write_combine)
		prot |= _PAGE_CACHE_WC;
	else if (pat_enabled || boot_cpu_data.x86 > 3)
		prot |= _PAGE_CACHE_UC_MINUS;	/* as ioremap() does */

	prot |= _PAGE_IOMAP;	/* not RAM: don't translate it */

	vma->vm_page_prot = __pgprot(prot);

	if (io_remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff,
			       vma->vm_end - vma->vm_start,
			       vma->vm_page_prot))
		return -EAGAIN;

	vma->vm_ops = &pci_mmap_ops;

	return 0;
}
