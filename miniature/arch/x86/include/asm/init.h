/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_INIT_H
#define _ASM_X86_INIT_H

/* Of one width or the other: returns the address up to which it mapped */
extern unsigned long kernel_physical_mapping_init(unsigned long start,
						  unsigned long end);

#endif /* _ASM_X86_INIT_H */
