/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

#include <linux/compiler.h>

#ifdef CONFIG_64BIT
#define BITS_PER_LONG		64
#else
#define BITS_PER_LONG		32
#endif

typedef signed char		s8, int8_t;
typedef unsigned char		u8, __u8, uint8_t;
typedef unsigned short		u16, __u16, uint16_t;
typedef signed int		s32;
typedef unsigned int		u32, __u32, uint32_t;
typedef signed long long	s64;
typedef unsigned long long	u64, __u64, uint64_t;

typedef __SIZE_TYPE__		size_t;
typedef __PTRDIFF_TYPE__	ssize_t;
typedef long long		loff_t;
typedef unsigned short		mode_t;
typedef unsigned int		gfp_t;
typedef unsigned long		pgoff_t;

#ifdef CONFIG_PHYS_ADDR_T_64BIT
typedef u64 phys_addr_t, resource_size_t;
#else
typedef u32 phys_addr_t, resource_size_t;
#endif
typedef u64 dma_addr_t;

typedef _Bool bool;

enum {
	false	= 0,
	true	= 1
};

#define NULL			((void *)0)
#define offsetof(type, member)	__builtin_offsetof(type, member)

#endif /* _LINUX_TYPES_H */
