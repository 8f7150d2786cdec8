// SPDX-License-Identifier: GPL-2.0
/* The buffer of a sound card that has memory of its own. */
#include <linux/mm.h>
#include <linux/module.h>

struct snd_pcm_runtime {
	dma_addr_t dma_addr;
};

struct snd_pcm_substream {
	struct snd_pcm_runtime *runtime;
};

int snd_pcm_lib_mmap_iomem(struct snd_pcm_substream *substream,
			   struct vm_area_struct *area)
{
	unsigned long offset = area->vm_pgoff << PAGE_SHIFT;
	long size = area->vm_end - area->vm_start;

	area->vm_page_prot = pgprot_noncached(area->vm_page_prot);
	area->vm_flags |= VM_IO;
	if (io_remap_pfn_range(area, area->vm_start,
			       (substream->runtime->dma_addr + offset) >>
			       PAGE_SHIFT,
			       size, area->vm_page_prot))
		return -EAGAIN;
	return 0;
}
EXPORT_SYMBOL(snd_pcm_lib_mmap_iomem);
