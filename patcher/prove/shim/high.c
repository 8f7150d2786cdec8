// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is where in the map of the kernel's image when the brk is concluded, and
 * what is left of it afterwards. The domain builder puts the ramdisk behind _end,
 * then its list, then the start info, each on a page of its own, and maps some
 * more; on the bare machine nothing is behind _end.
 */
#include "program.h"

#define LARGE (1UL << 21)
#define IMAGE (16UL << 20)	/* where the kernel's image begins */
#define SPARE (512UL << 10)	/* that the builder maps behind all that */

static word round(word address, word to)
{
	return (address + to - 1) / to * to;
}

static ulong mapped_parts(ulong tables, word from, word to)
{
	ulong n = 0;

	for (; from < to; from += LARGE)
		n += high_mapped(tables, from);
	return n;
}

/*
 * @end: where _end is, from the start of the map; @other: unused brk that the P2M's files did not reserve. Pages
 * of the list whose mapping is gone fault from now on. Says how much of the image and of the list is gone, in large
 * and in small pages, whether the start info is, and how much is left between the brk and _end, in large pages.
 */
void high(word end, word other, word ramdisk, int bare)
{
	ulong tables = m.heap + ((ulong)m.heap_pages - 2) * 2 * PAGE, gone = 0, i;
	word brk_end = end - (m.brk_pages - m.brk_used) * PAGE - other;
	word list = round(end, PAGE) + round(ramdisk, PAGE), info = list + m.list_pages * PAGE;
	word mapped = bare ? round(end, LARGE) : round(info + PAGE + SPARE, 2 * LARGE);
	word used = round(brk_end, LARGE);

	if (!high_conclude)
		stop(STOP_BAD_SCENARIO, 8, 0, 0);
	if (brk_end <= IMAGE || end < brk_end || mapped > 512 * LARGE || m.heap_pages < m.heap_used + 2)
		stop(STOP_BAD_SCENARIO, 9, brk_end, mapped);
	answers_close();
	high_conclude(tables, IMAGE, brk_end, end, mapped, bare);
	answers_open();
	for (i = 0; !bare && i < m.list_pages; i++)
		if (!high_mapped(tables, list + i * PAGE)) {
			CALL(NR_MPROTECT, m.list + i * PAGE, PAGE, 0, 0, 0, 0);
			gone++;
		}
	say((used - IMAGE) / LARGE - mapped_parts(tables, IMAGE, used));
	say(gone);
	say(!bare && !high_mapped(tables, info));
	say(mapped_parts(tables, used, round(end, LARGE)));
}
