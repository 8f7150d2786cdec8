/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KERNEL_H
#define _LINUX_KERNEL_H

#include <linux/types.h>
#include <linux/compiler.h>
#include <asm/bug.h>

#define INT_MAX		((int)(~0U >> 1))
#define LONG_MAX	((long)(~0UL >> 1))

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define ALIGN(x, a)		(((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define roundup(x, y)		(DIV_ROUND_UP(x, y) * (y))
#define round_up(x, y)		ALIGN(x, y)
#define round_down(x, y)	((x) & ~((__typeof__(x))(y) - 1))

/* Both sides must have one type: the pointer comparison sees to that. */
#define min(x, y) ({				\
	__typeof__(x) __min1 = (x);		\
	__typeof__(y) __min2 = (y);		\
	(void)(&__min1 == &__min2);		\
	__min1 < __min2 ? __min1 : __min2; })

#define max(x, y) ({				\
	__typeof__(x) __max1 = (x);		\
	__typeof__(y) __max2 = (y);		\
	(void)(&__max1 == &__max2);		\
	__max1 > __max2 ? __max1 : __max2; })

#define ULONG_MAX	(~0UL)

#define min_t(type, x, y)	min((type)(x), (type)(y))
#define max_t(type, x, y)	max((type)(x), (type)(y))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* Number of the highest bit set, counted from 1; 0 if there is none. */
static inline unsigned fls_long(unsigned long l)
{
	return l ? 8 * sizeof(l) - __builtin_clzl(l) : 0;
}

#define KERN_ERR	"<3>"
#define KERN_WARNING	"<4>"
#define KERN_INFO	"<6>"
#define KERN_DEBUG	"<7>"
#define KERN_CONT	"<c>"

extern int printk(const char *fmt, ...) __printf(1, 2);

#define pr_err(fmt, ...)	printk(KERN_ERR fmt, ##__VA_ARGS__)
#define pr_warning(fmt, ...)	printk(KERN_WARNING fmt, ##__VA_ARGS__)
#define pr_warn			pr_warning
#define pr_info(fmt, ...)	printk(KERN_INFO fmt, ##__VA_ARGS__)
#define pr_debug(fmt, ...)	({ if (0) pr_info(fmt, ##__VA_ARGS__); })

#define printk_once(fmt, ...) ({			\
	static bool __once;				\
	if (!__once) {					\
		__once = true;				\
		printk(fmt, ##__VA_ARGS__);		\
	} })

#endif /* _LINUX_KERNEL_H */
