/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_IO_H
#define _ASM_X86_IO_H

#include <asm/page.h>
#include <asm/pgtable_types.h>

#define phys_to_virt(x)	__va(x)
#define virt_to_phys(x)	((phys_addr_t)__pa(x))

extern void __iomem *ioremap_nocache(resource_size_t phys_addr,
				     unsigned long size);
#define ioremap(phys_addr, size)	ioremap_nocache(phys_addr, size)
extern void iounmap(volatile void __iomem *addr);

extern int ioremap_page_range(unsigned long addr, unsigned long end,
			      phys_addr_t phys_addr, pgprot_t prot);

extern void memcpy_fromio(void *to, const volatile void __iomem *from,
			  size_t n);
extern void memcpy_toio(volatile void __iomem *to, const void *from,
			size_t n);

#endif /* _ASM_X86_IO_H */
