/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_UACCESS_H
#define _ASM_X86_UACCESS_H

#include <linux/types.h>

extern unsigned long copy_from_user(void *to, const void __user *from,
				    unsigned long n);

/* The real one survives a fault and says so; this one can't. */
#define __get_user(x, ptr)	({ (x) = *(ptr); 0; })

#endif /* _ASM_X86_UACCESS_H */
