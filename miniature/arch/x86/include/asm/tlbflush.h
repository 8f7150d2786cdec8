/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_TLBFLUSH_H
#define _ASM_X86_TLBFLUSH_H

extern void flush_tlb_all(void);
extern void kmap_flush_unused(void);

#endif /* _ASM_X86_TLBFLUSH_H */
