/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/mm.h>

struct task_struct {
	struct mm_struct *mm;
};

extern struct task_struct *get_current(void);
#define current	get_current()

/* Let others run, if there are any to. */
extern int cond_resched(void);

#endif /* _LINUX_SCHED_H */
