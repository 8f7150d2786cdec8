// SPDX-License-Identifier: GPL-2.0
/* What goes into a core dump. */
#include <linux/fs.h>
#include <linux/mm.h>

#define MMF_DUMP_ANON_PRIVATE	2
#define MMF_DUMP_MAPPED_PRIVATE	4
#define MMF_DUMP_MAPPED_SHARED	5

static unsigned long vma_dump_size(struct vm_area_struct *vma,
				   unsigned long mm_flags)
{
#define FILTER(type)	(mm_flags & (1UL << MMF_DUMP_##type))

	if (vma->vm_flags & VM_ALWAYSDUMP)
		goto whole;

	/* Reading from a device may do something. */
	if (vma->vm_flags & (VM_IO | VM_RESERVED))
		return 0;

	if (vma->vm_flags & VM_SHARED) {
		if (FILTER(MAPPED_SHARED))
			goto whole;
		return 0;
	}

	if (vma->anon_vma && FILTER(ANON_PRIVATE))
		goto whole;
	if (vma->vm_file && FILTER(MAPPED_PRIVATE))
		goto whole;

	return 0;

whole:
	return vma->vm_end - vma->vm_start;
#undef FILTER
}

size_t elf_core_vma_data_size(struct vm_area_struct *first,
			      unsigned long mm_flags)
{
	struct vm_area_struct *vma;
	size_t size = 0;

	for (vma = first; vma; vma = vma->vm_next)
		size += vma_dump_size(vma, mm_flags);

	return size;
}
