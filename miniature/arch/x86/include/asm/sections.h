/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_SECTIONS_H
#define _ASM_X86_SECTIONS_H

/* Where the kernel's image begins and ends; the brk is the last thing in it */
extern char _text[], _end[];

#endif /* _ASM_X86_SECTIONS_H */
