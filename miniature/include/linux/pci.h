/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PCI_H
#define _LINUX_PCI_H

#include <linux/mm.h>

enum pci_mmap_state {
	pci_mmap_io,
	pci_mmap_mem
};

struct pci_dev;

extern int pci_mmap_page_range(struct pci_dev *dev,
			       struct vm_area_struct *vma,
			       enum pci_mmap_state mmap_state,
			       int write_combine);

#endif /* _LINUX_PCI_H */
