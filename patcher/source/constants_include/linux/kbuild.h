/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In place of the tree's own <linux/kbuild.h>, whose DEFINE() leaves values in assembler for sed to find:
 * here a value becomes an enumerator, which libclang can read.
 */
#ifndef __LINUX_KBUILD_H
#define __LINUX_KBUILD_H

#define DEFINE(sym, val)	enum { patcher_constant_##sym = (val) }
#define OFFSET(sym, str, mem)	DEFINE(sym, __builtin_offsetof(struct str, mem))
#define BLANK()			do { } while (0)
#define COMMENT(x)		do { } while (0)

#endif
