/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_PAT_H
#define _ASM_X86_PAT_H

#ifdef CONFIG_X86_PAT
extern int pat_enabled;
#else
#define pat_enabled	0
#endif

#endif /* _ASM_X86_PAT_H */
