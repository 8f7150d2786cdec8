// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that were passed through to an unprivileged domain: dom0 tells which
 * there are, and where.
 */
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>

#include <xen/page.h>

struct xenbus_device {
	struct device dev;
};

struct pcifront_device {
	struct xenbus_device *xdev;
};

/* The rest of the kernel must know what is taken, or RAM could come there. */
static int pcifront_claim_resource(struct pci_dev *dev, void *data)
{
	struct pcifront_device *pdev = data;
	struct resource *r;
	int i;

	for (i = 0; i < PCI_NUM_RESOURCES; i++) {
		r = &dev->resource[i];

		if (!r->parent && r->start && r->flags) {
			if (pci_claim_resource(dev, i)) {
				dev_err(&pdev->xdev->dev,
					"resource %s/%d is taken already\n",
					pci_name(dev), i);
			}
		}
	}

	return 0;
}

void pcifront_attach(struct pcifront_device *pdev, struct pci_dev *dev)
{
	pcifront_claim_resource(dev, pdev);
}
EXPORT_SYMBOL(pcifront_attach);
