/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_COMPILER_H
#define __LINUX_COMPILER_H

/* Address spaces mean something to sparse only. */
#define __user
#define __iomem
#define __force

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define barrier()	__asm__ __volatile__("" : : : "memory")
#define ACCESS_ONCE(x)	(*(volatile __typeof__(x) *)&(x))

#define __used		__attribute__((__used__))
#define __maybe_unused	__attribute__((__unused__))
#define __must_check	__attribute__((__warn_unused_result__))
#define __aligned(x)	__attribute__((__aligned__(x)))
#define __section(s)	__attribute__((__section__(#s)))
#define __printf(a, b)	__attribute__((__format__(__printf__, a, b)))
#define __read_mostly	__section(.data.read_mostly)

#endif /* __LINUX_COMPILER_H */
