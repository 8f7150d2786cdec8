/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#include <linux/kernel.h>
#include <linux/init.h>

struct module;
#define THIS_MODULE	((struct module *)0)

#define __EXPORT_SYMBOL(sym, sec)					\
	extern __typeof__(sym) sym;					\
	static void *const __ksymtab_##sym __used			\
		__attribute__((__section__("__ksymtab" sec))) = (void *)&sym

#define EXPORT_SYMBOL(sym)	__EXPORT_SYMBOL(sym, "")
#define EXPORT_SYMBOL_GPL(sym)	__EXPORT_SYMBOL(sym, "_gpl")

#endif /* _LINUX_MODULE_H */
