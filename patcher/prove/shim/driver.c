/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs scenarios against the code under test: one at a time from standard
 * input, each in a child of its own, so that each begins with what a kernel
 * has at boot, and so that what it destroys is its own.
 *
 * A scenario is a count and that many words of 64 bits; the answer is
 * HEADER words and what the operations said. Needs no C library: a compiler
 * that can build a kernel can build this.
 */
#include "shim.h"

typedef unsigned long ulong;
typedef unsigned char byte;

#define PAGE 4096UL
#define HEADER 24
#define BACKTRACE 8
#define MOST_IN (1UL << 18)
#define MOST_OUT (1UL << 20)
#define LOOP_SECONDS 4
#define STEP_SECONDS 60	/* where instructions are counted there is a bound to them, too */
#define INVALID (~0UL)

#ifdef __x86_64__
#define M2P_BASE 0x200000000000UL
#define ARENA_BASE PROVE_PAGE_OFFSET
enum {
	NR_READ = 0, NR_WRITE = 1, NR_MMAP = 9, NR_MPROTECT = 10, NR_SIGACTION = 13, NR_SETITIMER = 38, NR_FORK = 57,
	NR_EXIT = 60, NR_WAIT4 = 61, NR_PRCTL = 157, NR_SIGALTSTACK = 131, NR_SIGRETURN = 15, NR_EXIT_GROUP = 231,
	NR_SETRLIMIT = 160,
};
#define AUDIT_ARCH 0xc000003e
#else
#define M2P_BASE 0x40000000UL
#define ARENA_BASE PROVE_PAGE_OFFSET
enum {
	NR_READ = 3, NR_WRITE = 4, NR_MMAP = 192, NR_MPROTECT = 125, NR_SIGACTION = 174, NR_SETITIMER = 104, NR_FORK = 2,
	NR_EXIT = 1, NR_WAIT4 = 114, NR_PRCTL = 172, NR_SIGALTSTACK = 186, NR_SIGRETURN = 173, NR_EXIT_GROUP = 252,
	NR_SETRLIMIT = 75,
};
#define AUDIT_ARCH 0x40000003
#endif

enum { SIG_ILL = 4, SIG_TRAP = 5, SIG_BUS = 7, SIG_FPE = 8, SIG_SEGV = 11, SIG_PROF = 27 };
enum { READ = 1, WRITE = 2, EXECUTE = 4, SHARED = 1, PRIVATE = 2, FIXED = 0x10, ANON = 0x20, NORESERVE = 0x4000 };

extern void signal_return(void);
#ifdef __x86_64__
extern long system_call(long number, ulong a, ulong b, ulong c, ulong d, ulong e, ulong f);
extern word step_call(enum call call, word a, word b);
#define stepped(call, a, b) step_call(call, a, b)
#else
extern long system_call(long number, ulong a, ulong b, ulong c, ulong d, ulong e, ulong f) __attribute__((regparm(0)));
extern word step_call(enum call call, word a, word b);
extern void step_end(void);
static word stepped(enum call call, word a, word b)
{
	word answer = step_call(call, a, b);

	step_end();
	return answer;
}
#endif
#define CALL(nr, a, b, c, d, e, f) \
	system_call(nr, (ulong)(a), (ulong)(b), (ulong)(c), (ulong)(d), (ulong)(e), (ulong)(f))

void *memset(void *to, int c, ulong n)
{
	byte *p = to;

	while (n--)
		*p++ = c;
	return to;
}

void *memcpy(void *to, const void *from, ulong n)
{
	byte *p = to;
	const byte *q = from;

	if (!(((ulong)p | (ulong)q) % sizeof(ulong)))	/* by words: a copied page is stepped through */
		for (; n >= sizeof(ulong); n -= sizeof(ulong), p += sizeof(ulong), q += sizeof(ulong))
			*(volatile ulong *)p = *(const ulong *)q;
	while (n--)
		*p++ = *q++;
	return to;
}

void *memmove(void *to, const void *from, ulong n)
{
	byte *p = to;
	const byte *q = from;

	if (p < q)
		return memcpy(to, from, n);
	while (n--)
		p[n] = q[n];
	return to;
}

int memcmp(const void *a, const void *b, ulong n)
{
	const byte *p = a, *q = b;

	for (; n--; p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

/* The linear map, without the kernel image's second mapping: extend_brk() answers with linear addresses here. */
__attribute__((weak)) ulong phys_base;

__attribute__((weak)) ulong __phys_addr(ulong address)
{
	return address - ARENA_BASE;
}

__attribute__((weak)) byte __virt_addr_valid(ulong address)
{
	return address >= ARENA_BASE;
}

/* On 64 bits these are written in assembler, in files of their own. */
__attribute__((weak)) void copy_page(void *to, void *from)
{
	memcpy(to, from, PAGE);
}

__attribute__((weak)) void clear_page(void *page)
{
	memset(page, 0, PAGE);
}

#ifndef __x86_64__
/* As the boot code of a 32-bit domain leaves them, below what Xen keeps for itself. */
__attribute__((weak)) ulong __FIXADDR_TOP = 0xf57ff000;
__attribute__((weak)) unsigned __VMALLOC_RESERVE = 128 << 20;
#endif

/* What the parent sees of a child. */
static struct shared {
	word header[HEADER];
	word count;
	word out[MOST_OUT];
} *shared;

enum { H_WHY, H_A, H_B, H_C, H_AT, H_WARNINGS, H_WARNED_AT, H_LINES, H_TRACE };

static word *input;

static void say(word value)
{
	if (shared->count >= MOST_OUT)
		stop(STOP_OUTPUT_FULL, 0, 0, 0);
	shared->out[shared->count++] = value;
}

void stop(enum stop why, word a, word b, word c)
{
	shared->header[H_WHY] = why;
	shared->header[H_A] = a;
	shared->header[H_B] = b;
	shared->header[H_C] = c;
	for (;;)
		CALL(NR_EXIT_GROUP, 0, 0, 0, 0, 0, 0);
}

static void trace_from(ulong frame)
{
	ulong here = (ulong)&frame, n = 0;

	/* Frame pointers, as long as they go up and stay on this stack. */
	while (n < BACKTRACE && frame > here - (1UL << 20) && frame < here + (8UL << 20) && !(frame % sizeof(long))) {
		ulong *at = (ulong *)frame;

		shared->header[H_TRACE + n++] = at[1];
		if (at[0] <= frame)
			break;
		frame = at[0];
	}
	shared->header[H_LINES] = n;
}

#define trace_here() trace_from((ulong)__builtin_frame_address(0))

void warned(const void *place)
{
	if (!shared->header[H_WARNINGS]++)
		shared->header[H_WARNED_AT] = (ulong)place;
}

static word messages;

void told(void)
{
	messages++;
}

static ulong map(ulong at, ulong size, int protection, int flags)
{
	return CALL(NR_MMAP, at, size, protection, flags | ANON, -1, 0);
}

/* The machine of the scenario. */
static struct {
	word nr_pages, arena, list_pages, brk_pages, heap_pages, order;
	ulong list, brk, heap, end;	/* addresses */
	ulong brk_used, heap_used, heap_freed;	/* pages */
	int booted, translated;
	word fail_at, fail_count;	/* the next allocations to fail: from which on, how many */
	word allocations;
} m;

static ulong *m2p = (ulong *)M2P_BASE;
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

static void race(unsigned point);
enum { RACE_ALLOC = 1, RACE_LOCKED, RACE_AFTER_LOCKED, RACE_STEP };

unsigned long late_page(int zero, unsigned order)
{
	ulong at, pages = 1UL << order;

	if (!m.booted) {
		trace_here();
		stop(STOP_ALLOC_EARLY, 0, 0, 0);
	}
	m.allocations++;
	race(RACE_ALLOC);
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

static byte given_back[4096];	/* by the number of the page on the heap */

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

/* A competing update, made by another CPU at a chosen point of the operation under way. */
static struct {
	word point, at;		/* at the at-th such point, from 1 */
	word call, a, b;
	word seen;
	int fired, inside;
	word answer;
} rival;

static void race(unsigned point)
{
	if (rival.point != point || rival.fired || rival.inside)
		return;
	if (++rival.seen != rival.at)
		return;
	rival.fired = 1;
	rival.inside = 1;
	rival.answer = do_call(rival.call, rival.a, rival.b);
	rival.inside = 0;
}

/* Stepping through the code under test, an instruction at a time. */
static struct {
	word steps, limit;
	int seen, watching;	/* at all; now, and not only what an operation as a whole did */
	word watched, during;	/* PFN; the number of the operation to watch, an instruction at a time */
	word last, place;	/* its entry, and who wrote it */
	ulong *leaf;		/* likewise, the page it is in */
	word changed;		/* the number of the last operation that changed it, or 0 */
} step;

/*
 * The locked instructions of the code under test, told by who built us. While a rival waits for one of them, a
 * breakpoint is in its place: stepping through all that lies between would take its time.
 */
static struct {
	word count, *at;
	byte kept[512];
	int armed;
	ulong stepping;		/* the one that is being stepped over, or 0 */
} locked;

static void arm(int on)
{
	word i;

	if (locked.armed == on)
		return;
	locked.armed = on;
	for (i = 0; i < locked.count; i++) {
		byte *code = (byte *)(ulong)locked.at[i];

		CALL(NR_MPROTECT, (ulong)code & ~(PAGE - 1), 2 * PAGE, READ | WRITE | EXECUTE, 0, 0, 0);
		if (on)
			locked.kept[i] = *code;
		*code = on ? 0xcc : locked.kept[i];
	}
}

static int at_locked(ulong ip)
{
	word i;

	for (i = 0; i < locked.count; i++)
		if (locked.at[i] == ip)
			return 1;
	return 0;
}

extern byte __start_shimtext[], __stop_shimtext[];
static word raw_entry(word pfn);
static ulong *own_leaf(word pfn);

#ifdef __x86_64__
#define REG_IP(context) (*(ulong *)((byte *)(context) + 40 + 16 * 8))
#define REG_BP(context) (*(ulong *)((byte *)(context) + 40 + 10 * 8))
#define REG_FLAGS(context) (*(ulong *)((byte *)(context) + 40 + 17 * 8))
#define FAULT(info) (*(ulong *)((byte *)(info) + 16))
#else
#define REG_IP(context) (*(ulong *)((byte *)(context) + 20 + 14 * 4))
#define REG_BP(context) (*(ulong *)((byte *)(context) + 20 + 6 * 4))
#define REG_FLAGS(context) (*(ulong *)((byte *)(context) + 20 + 16 * 4))
#define FAULT(info) (*(ulong *)((byte *)(info) + 12))
#endif

static int in_shim(ulong ip)
{
	return (byte *)ip >= __start_shimtext && (byte *)ip < __stop_shimtext;
}

static void step_over(ulong ip)
{
	if (in_shim(ip))
		return;
	step.steps++;
	if (step.limit && step.steps > step.limit)
		stop(STOP_SIGNAL, SIG_PROF, ip, 0);
	race(RACE_STEP);
}

/* A breakpoint, or the step over what was in its place. */
static int locked_trap(void *context)
{
	ulong ip = REG_IP(context);

	if (locked.armed && at_locked(ip - 1)) {
		REG_IP(context) = locked.stepping = ip - 1;
		arm(0);		/* the rival may come by here */
		race(RACE_LOCKED);
		REG_FLAGS(context) |= 0x100;
		return 1;
	}
	if (!locked.stepping)
		return 0;
	locked.stepping = 0;
	race(RACE_AFTER_LOCKED);
	REG_FLAGS(context) &= ~0x100UL;
	if (!rival.fired)
		arm(1);
	return 1;
}

#define CODE(info) (((int *)(info))[2])
#define FROM_INT3 0x80

/* Where a fault is expected, the tree's exception table says how to go on: pairs of addresses. */
extern ulong __start___ex_table[] __attribute__((weak)), __stop___ex_table[] __attribute__((weak));

static int fixed_up(void *context)
{
	ulong *at;

	for (at = __start___ex_table; at && at + 1 < __stop___ex_table; at += 2)
		if (at[0] == REG_IP(context)) {
			REG_IP(context) = at[1];
			return 1;
		}
	return 0;
}

static ulong previous;

/* Was it the instruction at @place that gave the watched PFN another entry, or another leaf to be in? */
static void watch(word place)
{
	ulong *leaf = own_leaf(step.watched);
	word now = raw_entry(step.watched);

	if (now == step.last && leaf == step.leaf)
		return;
	step.last = now;
	step.leaf = leaf;
	step.place = place;
	step.changed = shared->header[H_AT];
}

static void on_signal(int number, void *info, void *context)
{
	ulong ip = REG_IP(context);

	if (number == SIG_TRAP && locked_trap(context))
		return;
	if (number == SIG_TRAP && CODE(info) != FROM_INT3) {
		if (step.watching) {
			watch(previous);
			if (!in_shim(ip))
				previous = ip;	/* so the shim's copy_page() is the doing of who called it */
		}
		step_over(ip);
		if (rival.fired && !step.limit && !step.watching)
			REG_FLAGS(context) &= ~0x100UL;	/* nothing more to see: at full speed from here */
		return;
	}
	if (number == SIG_SEGV && fixed_up(context))
		return;
	trace_from(REG_BP(context));
	stop(STOP_SIGNAL, number, ip, number == SIG_PROF ? 0 : FAULT(info));
}

static struct { void *handler; ulong flags; void *restorer; ulong mask[64 / sizeof(long) / 8]; } action;

/* A scenario that takes more of the processor's time than this, from now on, is in an endless loop. */
static void bound(long seconds)
{
	static struct { long a, b, c, d; } timer;

	timer.c = seconds;
	CALL(NR_SETITIMER, 2, &timer, 0, 0, 0, 0);
}

static void catch(void)
{
	static const byte numbers[] = { SIG_ILL, SIG_TRAP, SIG_BUS, SIG_FPE, SIG_SEGV, SIG_PROF };
	static struct { void *at; long flags; ulong size; } stack;
	unsigned i;

	for (i = 0; i < sizeof(numbers); i++) {
		action.handler = on_signal;
		/* siginfo, own restorer, on the other stack; a trap in a trap's rival is a fault of its own */
		action.flags = 4 | 0x04000000 | (numbers[i] == SIG_TRAP ? 0 : 0x08000000);
		action.restorer = signal_return;
		CALL(NR_SIGACTION, numbers[i], &action, 0, 8, 0, 0);
	}
	stack.at = (void *)map(0, 16 * PAGE, READ | WRITE, PRIVATE);
	stack.size = 16 * PAGE;
	CALL(NR_SIGALTSTACK, &stack, 0, 0, 0, 0, 0);
	bound(LOOP_SECONDS);
}

static word make(enum call call, word a, word b)
{
	word answer;

	if (!has_call(call))
		stop(STOP_NO_SYMBOL, call, 0, 0);
	rival.seen = 0;
	if (rival.point == RACE_LOCKED || rival.point == RACE_AFTER_LOCKED) {
		arm(1);
		answer = do_call(call, a, b);
		arm(0);
		return answer;
	}
	if (rival.point != RACE_STEP && !step.watching && !step.limit)
		return do_call(call, a, b);
	return stepped(call, a, b);
}

/* A run: how many, the first, and by how much each next one differs: 0 or 1. */
static struct { word count, first, step; } run;

static void run_start(void)
{
	run.count = 0;
}

static void run_flush(void)
{
	if (run.count) {
		say(run.count);
		say(run.first);
		say(run.step);
	}
	run.count = 0;
}

static void run_add(word value)
{
	if (run.count == 1 && (value == run.first || value == run.first + 1))
		run.step = value - run.first;
	else if (!run.count || value != run.first + run.step * run.count) {
		run_flush();
		run.first = value;
		run.step = 0;
	}
	run.count++;
}

/* The page, if the code under test may have it: of the list, or handed out; 0 else. */
static ulong *handed_out(ulong page)
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
static ulong *machine_page(word mfn)
{
	word pfn;

	if (mfn >> m.order)
		return 0;
	pfn = m2p[mfn];
	if (pfn < m.arena || pfn >= m.arena + m.list_pages + 1 + 2 * (m.brk_pages + m.heap_pages))
		return 0;
	return handed_out(ARENA_BASE + (ulong)pfn * PAGE);
}

static const word per_page = PAGE / sizeof(long);

/* The toolstack's way to the leaf of a PFN; level: 0, or the level that is no page of ours. */
static ulong *tools_leaf(word pfn, word *level, word *bad)
{
	word top_frame = list_frame() ? list_frame() : 0;
	ulong *top = top_frame ? machine_page(top_frame) : (ulong *)(ulong)list_top(), *mid, *leaf;
	word topidx = pfn / (per_page * per_page), mididx = pfn / per_page % per_page;

	*level = 0;
	*bad = top_frame;
	if (!top) {
		*level = 1;
		return 0;
	}
	*bad = top[topidx];
	mid = machine_page(top[topidx]);
	if (!mid) {
		*level = 2;
		return 0;
	}
	*bad = mid[mididx];
	leaf = machine_page(mid[mididx]);
	if (!leaf)
		*level = 3;
	return leaf;
}

/* The leaf that the code under test itself uses, where its top page has the name p2m_top; else 0. */
static ulong *own_leaf(word pfn)
{
	ulong ***top = fact(11) ? *(ulong ****)(ulong)fact(11) : 0;
	ulong **mid = top ? top[pfn / (per_page * per_page)] : 0;

	return mid ? mid[pfn / per_page % per_page] : 0;
}

static word raw_entry(word pfn)
{
	ulong *leaf = own_leaf(pfn);

	return leaf ? leaf[pfn % per_page] : INVALID;
}

/* What a snapshot of the tables shows of the next operation. */
static struct { ulong *copy; ulong brk, heap; } before;

static void snapshot(void)
{
	ulong pages = m.brk_used + m.heap_used, i;

	before.copy = (ulong *)map(0, (pages + 1) * PAGE, READ | WRITE, PRIVATE);
	before.brk = m.brk_used;
	before.heap = m.heap_used;
	for (i = 0; i < before.brk; i++)
		memcpy(before.copy + i * per_page, (void *)(m.brk + i * 2 * PAGE), PAGE);
	for (i = 0; i < before.heap; i++)
		memcpy(before.copy + (before.brk + i) * per_page, (void *)(m.heap + i * 2 * PAGE), PAGE);
}

static word differing(ulong from, ulong *then, ulong pages)
{
	word n = 0;
	ulong i, j;

	for (i = 0; i < pages; i++)
		for (j = 0; j < per_page; j++)
			n += ((ulong *)(from + i * 2 * PAGE))[j] != then[i * per_page + j];
	return n;
}

static byte reachable[sizeof(given_back)];

static void reach(const void *page)
{
	ulong number = ((ulong)page - m.heap) / PAGE / 2;

	if ((ulong)page >= m.heap && number < m.heap_used && number < sizeof(reachable))
		reachable[number] = 1;
}

/* Pages that were allocated, not freed, and that nothing leads to; all ones where the tree's tables have other names. */
static word lost(void)
{
	ulong ***top = fact(11) ? *(ulong ****)(ulong)fact(11) : 0, **mids = fact(17) ? *(ulong ***)(ulong)fact(17) : 0;
	ulong i, j, n = 0;

	if (!top || !mids)
		return INVALID;
	for (i = 0; i < per_page; i++) {
		reach(top[i]);
		reach(mids[i]);
		if (i && top[i] == top[i - 1])
			continue;
		for (j = 0; j < per_page; j++)
			reach(top[i][j]);
	}
	for (i = 0; i < m.heap_used && i < sizeof(reachable); i++)
		n += !reachable[i] && !given_back[i];
	return n;
}

static void machine(word **at)
{
	word *p = *at, flags, tail, segments, i, j, pfn = 0;
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
	set_machine(m.nr_pages, m.list, m.heap, flags & 1, m.translated, M2P_BASE, m.order, !!(flags & 4));
	*at = p;
}

/* All frames of the domain are others now, and the tools have written their numbers into the P2M, by its MFN tree. */
static void resume(word key)
{
	word limit = fact(18) ? fact(18) : m.nr_pages, pfn, level, bad;
	ulong **leaves = (ulong **)map(0, (ulong)(limit / per_page + 1) * sizeof(long), READ | WRITE, PRIVATE | NORESERVE);
	byte *own = (byte *)map(0, (ulong)limit + 1, READ | WRITE, PRIVATE | NORESERVE);

#define ENTRY(pfn) leaves[(pfn) / per_page][(pfn) % per_page]
	for (pfn = 0; pfn < limit; pfn += per_page) {
		leaves[pfn / per_page] = tools_leaf(pfn, &level, &bad);
		if (!leaves[pfn / per_page]) {
			say(pfn + 1);
			say(level);
			say(bad);
			return;
		}
	}
	for (pfn = 0; pfn < limit; pfn++) {	/* what is missing, a device's, or another domain's stays */
		own[pfn] = !(ENTRY(pfn) >> m.order) && m2p[ENTRY(pfn)] == pfn;
		if (own[pfn])
			m2p[ENTRY(pfn)] = INVALID;
	}
	for (pfn = 0; pfn < limit; pfn++)
		if (own[pfn]) {
			ENTRY(pfn) += key;
			m2p[ENTRY(pfn)] = pfn;
		}
#undef ENTRY
	say(0);
}

enum op {
	OP_END, OP_MACHINE, OP_E820, OP_BOOTED, OP_CALL, OP_SCAN, OP_VIEW, OP_M2P, OP_FAIL, OP_RACE, OP_RESUME,
	OP_FACTS, OP_SNAPSHOT, OP_DIFF, OP_PEEK, OP_LIMIT, OP_WATCH, OP_STATS, OP_LOCKED,
	OP_LOST, OP_OWNERS,
};

static void facts(void)
{
	unsigned i;

	say(fact_count());
	for (i = 0; i < fact_count(); i++)
		say(fact(i));
	for (i = 0; i < CALL_COUNT; i++)
		say(has_call(i));
}

static void play(void)
{
	word *p = input, lo, hi, level, bad;
	ulong *leaf, i;

	for (;;) {
		shared->header[H_AT]++;
		switch (*p++) {
		case OP_END:
			return;
		case OP_MACHINE:
			machine(&p);
			break;
		case OP_E820:
			map_answer = (long)*p++;
			nr_regions = *p++;
			for (i = 0; i < nr_regions; i++, p += 3) {
				regions[i].addr = p[0];
				regions[i].size = p[1];
				regions[i].type = p[2];
			}
			break;
		case OP_BOOTED:
			m.booted = 1;
			break;
		case OP_CALL:
			step.watching = step.during && step.during == shared->header[H_AT];
			say(make(p[0], p[1], p[2]));
			step.watching = 0;
			p += 3;
			if (step.seen)
				watch(step.place);
			break;
		case OP_SCAN:
			run_start();
			for (lo = *p++, hi = *p++; lo < hi; lo++)
				run_add(do_call(CALL_GET, lo, 0));
			run_flush();
			say(0);
			break;
		case OP_VIEW:
			run_start();
			leaf = 0;
			for (lo = *p++, hi = *p++; lo < hi; lo++) {
				if (!leaf || !(lo % per_page)) {
					leaf = tools_leaf(lo, &level, &bad);
					if (leaf && own_leaf(lo) && leaf != own_leaf(lo)) {
						leaf = 0;
						level = 4;
					}
				}
				if (!leaf) {
					run_flush();
					say(~0ULL);
					say(lo);
					say(level);
					say(bad);
					break;
				}
				run_add(leaf[lo % per_page]);
			}
			run_flush();
			say(0);
			break;
		case OP_M2P:
			if (!(p[0] >> m.order))
				m2p[p[0]] = p[1];
			p += 2;
			break;
		case OP_FAIL:	/* let the n-th allocation from now, and so many after it, fail */
			m.fail_at = m.allocations + *p++;
			m.fail_count = *p++;
			break;
		case OP_RACE:
			rival.point = *p++;
			rival.at = *p++;
			rival.call = *p++;
			rival.a = *p++;
			rival.b = *p++;
			rival.seen = rival.fired = 0;
			say(make(p[0], p[1], p[2]));
			p += 3;
			say(rival.fired);
			say(rival.answer);
			rival.point = 0;
			break;
		case OP_RESUME:
			resume(*p++);
			break;
		case OP_FACTS:
			facts();
			break;
		case OP_SNAPSHOT:
			snapshot();
			break;
		case OP_DIFF:
			say(differing(m.brk, before.copy, before.brk) +
			    differing(m.heap, before.copy + before.brk * per_page, before.heap));
			say(m.brk_used - before.brk + m.heap_used - before.heap);
			break;
		case OP_PEEK:
			for (lo = *p++, i = *p++; i; i--, lo += sizeof(long))
				say(*(ulong *)(ulong)lo);
			break;
		case OP_LIMIT:	/* count instructions, and end at so many */
			step.limit = *p++;
			bound(step.limit ? STEP_SECONDS : LOOP_SECONDS);
			say(step.steps);
			step.steps = 0;
			break;
		case OP_LOST:
			say(lost());
			break;
		case OP_OWNERS:	/* whose these frames are, by Xen's table: a PFN, or nobody's */
			run_start();
			for (lo = *p++, hi = *p++; lo < hi; lo++)
				run_add(lo >> m.order ? INVALID : m2p[lo]);
			run_flush();
			say(0);
			break;
		case OP_LOCKED:
			locked.count = *p++;
			locked.at = p;
			p += locked.count;
			if (locked.count > sizeof(locked.kept))
				stop(STOP_BAD_SCENARIO, 4, 0, 0);
			break;
		case OP_WATCH:
			step.seen = 1;
			step.watched = *p++;
			step.during = *p++;
			step.last = raw_entry(step.watched);
			step.leaf = own_leaf(step.watched);
			bound(STEP_SECONDS);
			break;
		case OP_STATS:
			say(m.brk_used);
			say(m.heap_used);
			say(m.heap_freed);
			say(m.allocations);
			say(step.steps);
			say(step.place);
			say(step.changed);
			say(messages);
			break;
		default:
			stop(STOP_BAD_SCENARIO, 3, p[-1], 0);
		}
	}
}

static int all(int number, int fd, void *at, ulong size)
{
	byte *p = at;

	while (size) {
		long n = CALL(number, fd, p, size, 0, 0, 0);

		if (n <= 0)
			return 0;
		p += n;
		size -= n;
	}
	return 1;
}

/* Only what is used below: no file is opened, nobody is signalled, nothing is run, from here on. */
static void lock_up(void)
{
	static const unsigned short allowed[] = {
		NR_READ, NR_WRITE, NR_MMAP, NR_MPROTECT, NR_SIGACTION, NR_SETITIMER, NR_FORK, NR_EXIT, NR_WAIT4,
		NR_SIGALTSTACK, NR_SIGRETURN, NR_EXIT_GROUP,
	};
	static struct { unsigned short code; byte yes, no; unsigned k; } filter[40];
	static struct { unsigned short count; void *at; } program;
	unsigned n = 0, i, count = sizeof(allowed) / sizeof(allowed[0]);

#define ADD(c, y, nn, v) do { filter[n].code = c; filter[n].yes = y; filter[n].no = nn; filter[n].k = v; n++; } while (0)
	ADD(0x20, 0, 0, 4);				/* the architecture */
	ADD(0x15, 0, count + 1, AUDIT_ARCH);
	ADD(0x20, 0, 0, 0);				/* the number */
	for (i = 0; i < count; i++)
		ADD(0x15, count - i, 0, allowed[i]);
	ADD(0x06, 0, 0, 0x80000000);			/* end the process */
	ADD(0x06, 0, 0, 0x7fff0000);			/* allow */
#undef ADD
	program.count = n;
	program.at = filter;
	CALL(NR_PRCTL, 38, 1, 0, 0, 0, 0);		/* no new privileges */
	shared->header[0] = CALL(NR_PRCTL, 22, 2, &program, 0, 0, 0);
}

void drive(void)
{
	static word first[2];
	ulong bounds[2];

	bounds[0] = bounds[1] = 0;
	CALL(NR_SETRLIMIT, 4, bounds, 0, 0, 0, 0);	/* no core files */
	CALL(NR_PRCTL, 1, 9, 0, 0, 0, 0);		/* gone when whoever started us is */
	shared = (struct shared *)map(0, sizeof(*shared), READ | WRITE, SHARED);
	input = (word *)map(0, MOST_IN * sizeof(word), READ | WRITE, PRIVATE);
	lock_up();
	first[0] = shared->header[0];
	all(NR_WRITE, 1, first, sizeof(first));
	for (;;) {
		word count;
		long child;
		int status = 0;

		if (!all(NR_READ, 0, &count, sizeof(count)) || count >= MOST_IN || !all(NR_READ, 0, input, count * sizeof(word)))
			CALL(NR_EXIT_GROUP, 0, 0, 0, 0, 0, 0);
		input[count] = OP_END;
		memset(shared->header, 0, sizeof(shared->header));
		shared->count = 0;
		child = CALL(NR_FORK, 0, 0, 0, 0, 0, 0);
		if (!child) {
			catch();
			play();
			stop(STOP_DONE, 0, 0, 0);
		}
		CALL(NR_WAIT4, child, &status, 0, 0, 0, 0);
		if (status & 0x7f) {
			shared->header[H_WHY] = STOP_KILLED;
			shared->header[H_A] = status & 0x7f;
		}
		count = shared->count < MOST_OUT ? shared->count : MOST_OUT;
		if (!all(NR_WRITE, 1, shared->header, sizeof(shared->header)) || !all(NR_WRITE, 1, &count, sizeof(count)) ||
		    !all(NR_WRITE, 1, shared->out, count * sizeof(word)))
			CALL(NR_EXIT_GROUP, 0, 0, 0, 0, 0, 0);
	}
}
