// SPDX-License-Identifier: GPL-2.0-only
/*
 * A rival at every access to memory that both CPUs can see. While it waits,
 * that memory is shut: the builder's list, the pages of the boot, those of the
 * heap that something visible leads to, and the tree's own data. An access
 * faults, is let through by a single step, and behind it is a point at which
 * the rival can come. Between two points nothing changes that it could see,
 * and nothing is read that it could change, so that these are all there are.
 *
 * The tree's own data are read in every loop and hardly ever written: reading
 * them is a point only if asked for (RACE_ACCESS_DATA), which is needed where
 * a rival writes to them. That one does is told.
 *
 * What the shim does for the tree, as copying a page, is one access; the point
 * is behind the return from it.
 *
 * So that nobody need try two points that are alike, the accesses are told, and
 * the pages that a rival has written: a rival that comes before our read of a
 * page that it does not write might as well come behind it.
 */
#include "program.h"

/* The shim's own, whole pages: program.S is linked first, end.S last. */
extern byte shim_data[], shim_data_end[], shim_bss[], shim_bss_end[];

static struct { word from, to; } data;	/* what can be written of the program, told by who built us */
static byte visible[sizeof(given_back)];	/* by the number of the page on the heap */
static enum { OFF, OURS, RIVALS } now;
static struct { word page[64], count, data; } written;	/* by a rival; pages, and whether one is of the tree's data */
static struct { word access[1 << 14], count; } trace;	/* ours, in their order: the page, and whether it was written */
static int in_copy;
static ulong opened[4], nr_opened, touched, place;
static int wrote;

word *set_data(word *p)
{
	data.from = p[0];
	data.to = p[1];
	return p + 2;
}

static void protect(ulong from, ulong to, int protection)
{
	if (from < to)
		CALL(NR_MPROTECT, from, to - from, protection, 0, 0, 0);
}

static ulong heap_page(ulong number)
{
	return m.heap + number * 2 * PAGE;
}

static int seen(ulong number)
{
	return number < sizeof(visible) && number < m.heap_used && visible[number] && !given_back[number];
}

static void protect_data(int protection)
{
	protect((ulong)data.from & ~(PAGE - 1), (ulong)shim_data, protection);
	protect((ulong)shim_data_end, (ulong)shim_bss, protection);
	protect((ulong)shim_bss_end, ((ulong)data.to + PAGE - 1) & ~(PAGE - 1), protection);
}

static void protect_pages(int protection)
{
	ulong i;

	protect(m.list, m.heap - PAGE, protection);
	for (i = 0; i < m.brk_used; i++)
		protect(m.brk + i * 2 * PAGE, m.brk + i * 2 * PAGE + PAGE, protection);
	for (i = 0; i < m.heap_used; i++)
		if (seen(i))
			protect(heap_page(i), heap_page(i) + PAGE, protection);
}

static int in_data(ulong at)
{
	return at >= ((ulong)data.from & ~(PAGE - 1)) && at < ((ulong)data.to + PAGE - 1) / PAGE * PAGE &&
	       !(at >= (ulong)shim_data && at < (ulong)shim_data_end) &&
	       !(at >= (ulong)shim_bss && at < (ulong)shim_bss_end);
}

static int data_shut(void)
{
	return rivals.point == RACE_ACCESS ? READ : 0;
}

static int shared(ulong at)
{
	if (at >= m.list && at < m.heap - PAGE)
		return 1;
	if (at >= m.brk && at < m.brk + m.brk_used * 2 * PAGE)
		return !((at - m.brk) / PAGE % 2);
	if (at >= m.heap && at < m.heap + m.heap_used * 2 * PAGE)
		return !((at - m.heap) / PAGE % 2) && seen((at - m.heap) / PAGE / 2);
	return in_data(at);
}

/* Pages of the heap from this number on are other CPUs' to see. */
static void show_from(ulong number)
{
	for (; number < m.heap_used && number < sizeof(visible); number++)
		visible[number] = 1;
}

/* A word that both can see leads to a page that was ours alone: by its address, or by its MFN. So does what is in it. */
static void show(ulong value, int depth)
{
	ulong page = value & ~(PAGE - 1), number, i;

	if (page < m.heap || page >= m.heap + m.heap_used * 2 * PAGE)
		page = value >> m.order ? 0 : (ulong)machine_page(value);
	if (page < m.heap || page >= m.heap + m.heap_used * 2 * PAGE || (page - m.heap) / PAGE % 2)
		return;
	number = (page - m.heap) / PAGE / 2;
	if (number >= sizeof(visible) || visible[number] || given_back[number])
		return;
	visible[number] = 1;
	for (i = 0; i < PAGE / sizeof(ulong) && depth < 4; i++)
		show(((ulong *)page)[i], depth + 1);
	protect(page, page + PAGE, 0);
}

/* A rival writes: it is not stopped, but told. */
static void note(ulong page)
{
	written.data |= in_data(page);
	if (written.count < sizeof(written.page) / sizeof(written.page[0]))
		written.page[written.count] = page;
	written.count++;	/* more than there is room for: any */
	protect(page, page + PAGE, READ | WRITE);
}

/* A fault: was it an access to what is shut? Then it is let through. Whether the next instruction is of interest. */
enum access access_faults(ulong at, ulong ip, int writes)
{
	ulong i, page = at & ~(PAGE - 1);

	if (now == OFF || !shared(at))
		return ACCESS_NONE;
	if (now == RIVALS) {
		if (!writes || (written.count && written.page[(written.count - 1) % 64] == page))
			return ACCESS_NONE;
		note(page);
		return ACCESS_LET;
	}
	for (i = 0; i < nr_opened; i++)
		if (opened[i] == page)
			return ACCESS_NONE;	/* it was open: a fault of the tree's */
	if (nr_opened >= sizeof(opened) / sizeof(opened[0]))
		return ACCESS_NONE;
	opened[nr_opened++] = page;
	if (!touched)
		place = ip;
	touched = at;
	wrote |= writes || in_shim(ip);
	protect(page, page + PAGE, READ | WRITE);
	return in_copy && in_shim(ip) ? ACCESS_LET : ACCESS_STEP;
}

/* The shim goes through memory for the tree: not an instruction at a time. */
void access_copies(void)
{
	in_copy = now == OURS;
}

void access_copied(void)
{
	in_copy = 0;
	if (now != OURS || !nr_opened)
		return;
#ifdef __x86_64__
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
#else
	__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl" ::: "memory", "cc");
#endif
}

/* Behind the instruction that was let through, or still inside the shim. @context: the trap's. */
enum access access_done(ulong ip, void *context)
{
	ulong i;

	if (now != OURS)
		return ACCESS_NONE;
	if (in_shim(ip))
		return ACCESS_STEP;
	if (!nr_opened)
		return ACCESS_LET;
	if (ip == place && nr_opened + 2 <= sizeof(opened) / sizeof(opened[0])) {
		finish_repeated(context);
		return ACCESS_STEP;	/* "rep movs" is not at its end: a page that is copied counts once, here, too */
	}
	show(*(ulong *)(touched & ~(sizeof(ulong) - 1)), 0);
	for (i = 0; i < nr_opened; i++) {
		if (trace.count >= sizeof(trace.access) / sizeof(trace.access[0]))
			stop(STOP_OUTPUT_FULL, 0, 0, 0);
		if (shared(opened[i]))
			protect(opened[i], opened[i] + PAGE, in_data(opened[i]) ? data_shut() : 0);
	}
	/* An instruction that touches two pages counts as a write: it is alike to nothing. */
	trace.access[trace.count++] = (touched & ~(PAGE - 1)) | (wrote || nr_opened > 1);
	nr_opened = touched = wrote = 0;
	race(rivals.point, place);
	return ACCESS_LET;
}

/* The operation begins: all that there is can be seen. */
void access_begins(void)
{
	nr_opened = touched = wrote = 0;
	trace.count = written.data = written.count = 0;
	show_from(0);
	access_shut();
}

/* Until the next rival comes. */
void access_shut(void)
{
	now = OURS;
	protect_pages(0);
	protect_data(data_shut());
}

/* A rival comes: it may read all there is. */
void access_rival(void)
{
	if (now == OFF)
		return;
	now = RIVALS;
	written.count = 0;
	protect_pages(READ);
	protect_data(READ);
}

/* It was here, and hides nothing of what it has allocated: pages of the heap from this number on. */
void access_rival_gone(word from)
{
	show_from((ulong)from);
}

/* The operation ends, or goes on at full speed. */
void access_open(void)
{
	if (now == OFF)
		return;
	now = OFF;
	protect_pages(READ | WRITE);
	protect_data(READ | WRITE);
}

/* Whether a rival wrote to the tree's data; the pages that the last one wrote; our accesses. */
void access_say(void)
{
	word i, most = sizeof(written.page) / sizeof(written.page[0]);

	say(written.data);
	say(written.count > most ? ~0ULL : written.count);
	for (i = 0; i < written.count && written.count <= most; i++)
		say(written.page[i]);
	if (rivals.next >= rivals.count)
		trace.count = 0;	/* who came is not to be sent again */
	say(trace.count);
	for (i = 0; i < trace.count; i++)
		say(trace.access[i]);
}
