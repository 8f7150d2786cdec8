/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __LINUX_PERCPU_H
#define __LINUX_PERCPU_H

#ifdef CONFIG_SMP
#define NR_CPUS	CONFIG_NR_CPUS
extern int smp_processor_id(void);
#else
#define NR_CPUS	1
#define smp_processor_id()	0
#endif

/* A plain array, where the kernel has a section for each cpu */
#define DEFINE_PER_CPU(type, name)	__typeof__(type) name[NR_CPUS]
#define DECLARE_PER_CPU(type, name)	extern DEFINE_PER_CPU(type, name)

#define per_cpu(name, cpu)	(name[cpu])
#define __get_cpu_var(name)	per_cpu(name, smp_processor_id())
#define percpu_read(name)	__get_cpu_var(name)

#endif /* __LINUX_PERCPU_H */
