// SPDX-License-Identifier: GPL-2.0-only
/* The machine of a scenario: its memory, who has which page of it, and what Xen says of it. */
#include "program.h"

struct machine m;
ulong *const m2p = (ulong *)M2P_BASE;
byte given_back[4096];
static struct { word addr, size, type; } regions[1024];
static unsigned nr_regions;
static long map_answer;

int memory_map_count(void)
{
	return nr_regions;
}

long memory_map_result(void)
{
	return map_answer;
}

int memory_map(word *addr, word *size, word *type, unsigned at)
{
	*addr = regions[at].addr;
	*size = regions[at].size;
	*type = regions[at].type;
	return 0;
}

long release_frame(word mfn)
{
	if (!(mfn >> m.order))
		m2p[mfn] = INVALID;
	return 1;
}

static void forbid(ulong page)
{
	CALL(NR_MPROTECT, page, PAGE, 0, 0, 0, 0);
}

void *early_page(ulong size, ulong align)
{
	ulong pages = (size + PAGE - 1) / PAGE, at = m.brk + m.brk_used * 2 * PAGE;

	if (m.booted) {
		trace_here();
		stop(STOP_BRK_LATE, 0, 0, 0);
	}
	if (m.brk_used + pages > m.brk_pages) {
		trace_here();
		stop(STOP_BRK_FULL, m.brk_used + pages, m.brk_pages, 0);
	}
	m.brk_used += pages;
	forbid(at + (2 * pages - 1) * PAGE);
	return (void *)at;
}

unsigned long late_page(int zero, unsigned order)
{
	ulong at, pages = 1UL << order;

	if (!m.booted) {
		trace_here();
		stop(STOP_ALLOC_EARLY, 0, 0, 0);
	}
	m.allocations++;
	race(RACE_ALLOC, 0);
	if (m.fail_count && m.allocations >= m.fail_at) {
		m.fail_count--;
		return 0;
	}
	at = m.heap + m.heap_used * 2 * PAGE;
	if (m.heap_used + pages > m.heap_pages)
		stop(STOP_HEAP_FULL, m.heap_pages, 0, 0);
	m.heap_used += pages;
	forbid(at + (2 * pages - 1) * PAGE);
	memset((void *)at, zero ? 0 : 0xa5, pages * PAGE);
	return at;
}


void late_free(unsigned long address, unsigned order)
{
	if (!address)
		return;
	if (address < m.heap || address >= m.heap + m.heap_used * 2 * PAGE || address % PAGE) {
		trace_here();
		stop(STOP_BAD_FREE, address, 0, 0);
	}
	m.heap_freed += 1UL << order;
	if ((address - m.heap) / PAGE / 2 < sizeof(given_back))
		given_back[(address - m.heap) / PAGE / 2] = 1;
	/* Whoever touches it from now on is caught in the act. A second free is, too: it writes first. */
	*(volatile ulong *)address = 0;
	CALL(NR_MPROTECT, address, PAGE << order, 0, 0, 0, 0);
}

/* The page, if the code under test may have it: of the list, or handed out; 0 else. */
ulong *handed_out(ulong page)
{
	if (page >= m.list && page < m.heap - PAGE)
		return (ulong *)page;
	if (page >= m.heap && page < m.heap + m.heap_used * 2 * PAGE)
		return (page - m.heap) / PAGE % 2 ? 0 : (ulong *)page;
	if (page >= m.brk && page < m.brk + m.brk_used * 2 * PAGE)
		return (page - m.brk) / PAGE % 2 ? 0 : (ulong *)page;
	return 0;
}

/* A page of the domain's, by its MFN; as the toolstack would map it. */
ulong *machine_page(word mfn)
{
	word pfn;

	if (mfn >> m.order)
		return 0;
	pfn = m2p[mfn];
	if (pfn < m.arena || pfn >= m.arena + m.list_pages + 1 + 2 * (m.brk_pages + m.heap_pages))
		return 0;
	return handed_out(ARENA_BASE + (ulong)pfn * PAGE);
}

word *machine(word *p)
{
	word flags, tail, segments, i, j, pfn = 0;
	ulong size, *list;

	m.nr_pages = *p++;
	flags = *p++;
	m.arena = *p++;
	m.list_pages = *p++;
	m.brk_pages = *p++;
	m.heap_pages = *p++;
	tail = *p++;
	m.order = *p++;
	segments = *p++;
	m.list = ARENA_BASE + (ulong)m.arena * PAGE;
	/* After the list, and after each page that is handed out, comes one that nobody may touch. */
	m.heap = m.list + ((ulong)m.list_pages + 1) * PAGE;
	m.brk = m.heap + (ulong)m.heap_pages * 2 * PAGE;	/* last: it is reserved for the worst case */
	m.end = m.brk + (ulong)m.brk_pages * 2 * PAGE;
	m.translated = !!(flags & 2);
	size = m.end - m.list;
	if (map(m.list, size, READ | WRITE, PRIVATE | FIXED | NORESERVE) != m.list)
		stop(STOP_BAD_SCENARIO, 1, m.list, size);
	if (map(M2P_BASE, sizeof(long) << m.order, READ | WRITE, PRIVATE | FIXED | NORESERVE) != M2P_BASE)
		stop(STOP_BAD_SCENARIO, 2, 0, 0);
	forbid(m.heap - PAGE);
	list = (ulong *)m.list;
	for (i = 0; i < segments; i++) {
		word count = *p++, mfn = *p++, step = *p++;

		for (j = 0; j < count && pfn < m.nr_pages; j++, pfn++, mfn += step) {
			list[pfn] = mfn;
			if (!(mfn >> m.order))
				m2p[mfn] = pfn;
		}
	}
	for (; segments && tail && pfn < m.list_pages * per_page; pfn++)	/* of zeros it is already */
		list[pfn] = tail;
	answers_close();
	set_machine(m.nr_pages, m.list, m.heap, flags & 1, m.translated, M2P_BASE, m.order, !!(flags & 4));
	answers_open();
	return p;
}

word *e820(word *p)
{
	unsigned i;

	map_answer = (long)*p++;
	nr_regions = *p++;
	if (nr_regions > sizeof(regions) / sizeof(regions[0]))
		stop(STOP_BAD_SCENARIO, 6, nr_regions, 0);
	for (i = 0; i < nr_regions; i++, p += 3) {
		regions[i].addr = p[0];
		regions[i].size = p[1];
		regions[i].type = p[2];
	}
	return p;
}
