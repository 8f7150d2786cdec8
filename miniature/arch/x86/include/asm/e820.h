/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_E820_H
#define _ASM_X86_E820_H

#include <linux/types.h>

#define E820MAX		128

#define E820_RAM	1
#define E820_RESERVED	2
#define E820_ACPI	3
#define E820_NVS	4
#define E820_UNUSABLE	5	/* RAM, but it has errors */

struct e820entry {
	__u64 addr;
	__u64 size;
	__u32 type;
} __attribute__((packed));

struct e820map {
	__u32 nr_map;
	struct e820entry map[E820MAX];
};

#define ISA_START_ADDRESS	0xa0000
#define ISA_END_ADDRESS		0x100000

extern struct e820map e820;

extern void e820_add_region(u64 start, u64 size, int type);
extern int sanitize_e820_map(struct e820entry *biosmap, int max_nr_map,
			     u32 *pnr_map);
extern unsigned long e820_end_of_ram_pfn(void);

static inline bool is_ISA_range(u64 s, u64 e)
{
	return s >= ISA_START_ADDRESS && e <= ISA_END_ADDRESS;
}

#endif /* _ASM_X86_E820_H */
