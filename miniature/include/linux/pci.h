/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PCI_H
#define _LINUX_PCI_H

#include <linux/ioport.h>
#include <linux/kernel.h>
#include <linux/mm.h>

enum pci_mmap_state {
	pci_mmap_io,
	pci_mmap_mem
};

struct device {
	const char *name;
};

#define dev_err(dev, fmt, ...)	pr_err("%s: " fmt, (dev)->name, ##__VA_ARGS__)

#define PCI_NUM_RESOURCES	7

struct pci_dev {
	struct device dev;
	struct resource resource[PCI_NUM_RESOURCES];
};

static inline const char *pci_name(const struct pci_dev *dev)
{
	return dev->dev.name;
}

/* Fails where something else is. */
extern int __must_check pci_claim_resource(struct pci_dev *dev, int i);
extern int pci_mmap_page_range(struct pci_dev *dev,
			       struct vm_area_struct *vma,
			       enum pci_mmap_state mmap_state,
			       int write_combine);

#endif /* _LINUX_PCI_H */
