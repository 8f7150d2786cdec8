/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_INIT_H
#define _LINUX_INIT_H

#include <linux/compiler.h>

/* Thrown away once the kernel is up */
#define __init		__section(.init.text)
#define __initdata	__section(.init.data)
#define __initconst	__section(.init.rodata)

typedef int (*initcall_t)(void);

#define __define_initcall(level, fn)					\
	static initcall_t __initcall_##fn __used			\
		__attribute__((__section__(".initcall" level ".init"))) = fn

#define subsys_initcall(fn)	__define_initcall("4", fn)
#define fs_initcall(fn)		__define_initcall("5", fn)
#define device_initcall(fn)	__define_initcall("6", fn)

#endif /* _LINUX_INIT_H */
