/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_KBUILD_H
#define __LINUX_KBUILD_H

/* Leaves "->NAME value" in the assembler output, for sed to find. */
#define DEFINE(sym, val) \
	asm volatile("\n->" #sym " %0" : : "i" (val))

#endif /* __LINUX_KBUILD_H */
