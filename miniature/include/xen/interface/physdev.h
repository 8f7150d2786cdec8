/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __XEN_PUBLIC_PHYSDEV_H__
#define __XEN_PUBLIC_PHYSDEV_H__

#include <linux/types.h>

#define PHYSDEVOP_set_iopl	6

struct physdev_set_iopl {
	uint32_t iopl;
};

#endif /* __XEN_PUBLIC_PHYSDEV_H__ */
