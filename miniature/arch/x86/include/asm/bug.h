/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_BUG_H
#define _ASM_X86_BUG_H

#include <linux/compiler.h>

extern void warn_slowpath_fmt(const char *file, int line,
			      const char *fmt, ...) __printf(3, 4);

#define BUG()		__builtin_trap()
#define BUG_ON(cond)	do { if (unlikely(cond)) BUG(); } while (0)

#define BUILD_BUG_ON(cond)	((void)sizeof(char[1 - 2 * !!(cond)]))

#define WARN(cond, ...) ({						\
	int __ret_warn = !!(cond);					\
	if (unlikely(__ret_warn))					\
		warn_slowpath_fmt(__FILE__, __LINE__, __VA_ARGS__);	\
	unlikely(__ret_warn); })

#define WARN_ONCE(cond, ...) ({						\
	static int __warned;						\
	int __ret_once = !!(cond);					\
	if (unlikely(__ret_once) && !__warned) {			\
		__warned = 1;						\
		warn_slowpath_fmt(__FILE__, __LINE__, __VA_ARGS__);	\
	}								\
	unlikely(__ret_once); })

#define WARN_ON(cond)		WARN(cond, "%s\n", #cond)
#define WARN_ON_ONCE(cond)	WARN_ONCE(cond, "%s\n", #cond)

#endif /* _ASM_X86_BUG_H */
