// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one program that is executed. It gives up what it can, takes the segments
 * of the program under test from standard input, and plays each scenario in a
 * child: that one has no descriptors, can start nothing, and calls the kernel
 * by the shim's own two instructions alone. The tree's code never runs in the
 * launcher; nothing in the program's file is believed: no loader, no entry
 * point, no constructor of its choice.
 *
 * In:  the start: entry, number of segments; for each its address, size in
 *      memory, size of its content, protection; then the contents.
 *      A scenario: nonce, seconds, number of words; the words.
 * Out: how the start went: 0, or what failed and with what error.
 *      A scenario: its header, the number of words of its answers; the words.
 */
#include "kernel.h"
#include "protocol.h"

extern void enter(ulong entry, ulong stack) CALLING __attribute__((noreturn));

#define MOST_SEGMENTS 16
#define MOST_MEMORY (256UL << 20)	/* of the program */
#ifdef __x86_64__
#define ADDRESS_SPACE (6UL << 30)	/* Xen's table alone can have 1 GiB, of which hardly any is touched */
#else
#define ADDRESS_SPACE (3UL << 30)
#endif

static struct { word entry, segments; } start;
static struct { word at, size, content, protection; } segments[MOST_SEGMENTS];
static struct gates gates;

static void __attribute__((noreturn)) leave(void)
{
	for (;;)
		CALL(NR_EXIT_GROUP, 0, 0, 0, 0, 0, 0);
}

static void all(int number, int fd, const void *at, ulong size)
{
	const byte *p = at;

	while (size) {
		long n = CALL(number, fd, p, size, 0, 0, 0);

		if (n <= 0)
			leave();	/* whoever started us is gone */
		p += n;
		size -= n;
	}
}

static void get(void *at, ulong size)
{
	all(NR_READ, 0, at, size);
}

static void put(const void *at, ulong size)
{
	all(NR_WRITE, 1, at, size);
}

static void answer(word what, word number)
{
	static word said[2];

	said[0] = what;
	said[1] = number;
	put(said, sizeof(said));
	if (what)
		leave();
}

static void limit(int what, ulong most)
{
	ulong bounds[2];

	bounds[0] = bounds[1] = most;
	CALL(NR_SETRLIMIT, what, bounds, 0, 0, 0, 0);
}

enum { LIMIT_CPU, LIMIT_FSIZE, LIMIT_CORE = 4, LIMIT_NPROC = 6, LIMIT_NOFILE, LIMIT_AS = 9 };

/* A filter of system calls: the architecture, where the call comes from (if that matters), its number. */
struct rule { unsigned short code; byte yes, no; unsigned k; };
#define LOAD 0x20
#define EQUAL 0x15
#define RETURN 0x06
#define FILTER_ALLOW 0x7fff0000
#define FILTER_TRAP 0x00030000		/* SIGSYS, which says where */
#define FILTER_KILL 0x80000000

static long filter(const unsigned short *allowed, unsigned count, word from, word back, unsigned otherwise)
{
	static struct rule rules[64];
	static struct { unsigned short count; void *at; } program;
	unsigned n = 0, i;

#define ADD(c, y, nn, v) \
	do { rules[n].code = c; rules[n].yes = y; rules[n].no = nn; rules[n].k = v; n++; } while (0)
	ADD(LOAD, 0, 0, 4);
	ADD(EQUAL, 1, 0, AUDIT_ARCH);		/* no call of the other word size */
	ADD(RETURN, 0, 0, FILTER_KILL);
	if (from) {
		ADD(LOAD, 0, 0, 12);		/* the instruction's address, upper half */
		ADD(EQUAL, 1, 0, 0);
		ADD(RETURN, 0, 0, otherwise);
		ADD(LOAD, 0, 0, 8);
		ADD(EQUAL, 2, 0, (unsigned)from);
		ADD(EQUAL, 1, 0, (unsigned)back);
		ADD(RETURN, 0, 0, otherwise);
	}
	ADD(LOAD, 0, 0, 0);
	for (i = 0; i < count; i++)
		ADD(EQUAL, count - i, 0, allowed[i]);
	ADD(RETURN, 0, 0, otherwise);
	ADD(RETURN, 0, 0, FILTER_ALLOW);
#undef ADD
	program.count = n;
	program.at = rules;
	return CALL(NR_PRCTL, 22, 2, &program, 0, 0, 0);
}

/* From here on no file is opened and nothing is run; what a child needs beside is in it until it gives it up. */
static long lock_up(void)
{
	static const unsigned short allowed[] = {
		NR_READ, NR_WRITE, NR_CLOSE, NR_MMAP, NR_MPROTECT, NR_SIGACTION, NR_SETITIMER, NR_FORK, NR_EXIT,
		NR_WAIT4, NR_KILL, NR_SIGTIMEDWAIT, NR_SIGALTSTACK, NR_SIGRETURN, NR_PRCTL, NR_SETRLIMIT,
		NR_EXIT_GROUP,
	};
	long failed = CALL(NR_PRCTL, 38, 1, 0, 0, 0, 0);	/* no new privileges */

	return failed ? failed : filter(allowed, sizeof(allowed) / sizeof(allowed[0]), 0, 0, FILTER_TRAP);
}

/* Lay the program out. Nothing of it runs here; its numbers are checked, though they come from who started us. */
static void load(void)
{
	word total = 0, end = PROGRAM_LOWEST;
	unsigned i;

	get(&start, sizeof(start));
	if (!start.segments || start.segments > MOST_SEGMENTS)
		answer(2, start.segments);
	get(segments, start.segments * sizeof(segments[0]));
	for (i = 0; i < start.segments; i++) {
		word at = segments[i].at, from = at & ~(word)(PAGE - 1), size = segments[i].size;

		if (from < end || size > MOST_MEMORY || segments[i].content > size || at + size > PROGRAM_END)
			answer(3, i);
		end = (at + size + PAGE - 1) & ~(word)(PAGE - 1);
		total += end - from;
		if (total > MOST_MEMORY)
			answer(4, i);
		if (map(from, end - from, READ | WRITE, PRIVATE | FIXED) != from)
			answer(5, i);
	}
	for (i = 0; i < start.segments; i++)
		get((void *)(ulong)segments[i].at, segments[i].content);
	for (i = 0; i < start.segments; i++) {
		word from = segments[i].at & ~(word)(PAGE - 1), protection = segments[i].protection & (READ | WRITE | EXECUTE);

		if ((protection & WRITE) && (protection & EXECUTE))
			protection &= ~(word)EXECUTE;
		if ((protection & EXECUTE) && start.entry >= segments[i].at + sizeof(gates) &&
		    start.entry < segments[i].at + segments[i].size)
			gates = *(struct gates *)((ulong)start.entry - sizeof(gates));
		CALL(NR_MPROTECT, from, segments[i].at + segments[i].size - from, protection, 0, 0, 0);
	}
	if (gates.magic != GATES_MAGIC)
		answer(6, start.entry);
}

/* One scenario, from here on with the tree's code: in a process of its own that can do nothing but compute. */
static void __attribute__((noreturn)) child(void)
{
	static const unsigned short allowed[] = {
		NR_MMAP, NR_MPROTECT, NR_SIGACTION, NR_SETITIMER, NR_SIGALTSTACK, NR_SIGRETURN, NR_EXIT_GROUP,
	};

	CALL(NR_PRCTL, 1, SIG_KILL, 0, 0, 0, 0);	/* gone when the launcher is */
	CALL(NR_CLOSE, 0, 0, 0, 0, 0, 0);
	CALL(NR_CLOSE, 1, 0, 0, 0, 0, 0);
	limit(LIMIT_CPU, ANSWERS->seconds + 10);
	limit(LIMIT_NPROC, 0);
	limit(LIMIT_NOFILE, 0);
	CALL(NR_MPROTECT, INPUT_AT, INPUT_SIZE, READ, 0, 0, 0);
	if (!filter(allowed, sizeof(allowed) / sizeof(allowed[0]), gates.call, gates.back, FILTER_TRAP))
		enter(start.entry, STACK_AT + STACK_SIZE - 64);
	leave();
}

/* Whether the child ended by itself in this time; it is gone either way. */
static int waited(long pid, long seconds, int *status)
{
	static struct { long seconds, nanoseconds; } most;
	ulong chld[2] = { 1UL << (SIG_CHLD - 1), 0 };
	int in_time = 1;

	most.seconds = seconds;
	while (!CALL(NR_WAIT4, pid, status, 1, 0, 0, 0))		/* WNOHANG */
		if (CALL(NR_SIGTIMEDWAIT, chld, 0, &most, 8, 0, 0) == -11) {	/* EAGAIN: the time is over */
			in_time = 0;
			CALL(NR_KILL, pid, SIG_KILL, 0, 0, 0, 0);
			CALL(NR_WAIT4, pid, status, 0, 0, 0, 0);
			break;
		}
	return in_time;
}

static void play_one(void)
{
	long pid, seconds;
	int status = 0;
	word *header = ANSWERS->header, count;

	get(ANSWERS, 3 * sizeof(word));
	if (ANSWERS->given >= MOST_IN)
		leave();
	get(INPUT, ANSWERS->given * sizeof(word));
	INPUT[ANSWERS->given] = OP_END;
	clear(header, sizeof(ANSWERS->header));
	ANSWERS->count = 0;
	/* On a busy machine a second of the processor's takes its time. */
	seconds = 30 + 5 * (long)ANSWERS->seconds;
	pid = CALL(NR_FORK, 0, 0, 0, 0, 0, 0);
	if (!pid)
		child();
	if (pid < 0)
		leave();
	if (!waited(pid, seconds, &status)) {
		header[H_WHY] = STOP_TIME;
		header[H_A] = seconds;
	} else if (status & 0x7f) {
		header[H_WHY] = STOP_KILLED;
		header[H_A] = status & 0x7f;
	}
	count = ANSWERS->count;
	if (count > MOST_OUT)
		count = MOST_OUT;
	put(header, sizeof(ANSWERS->header));
	put(&count, sizeof(count));
	put(ANSWERS->out, count * sizeof(word));
}

static int lay_out(void)
{
	return map(ANSWERS_AT, ANSWERS_SIZE, READ | WRITE, SHARED | FIXED) == ANSWERS_AT &&
	       map(INPUT_AT, INPUT_SIZE, READ | WRITE, PRIVATE | FIXED) == INPUT_AT &&
	       map(STACK_AT, STACK_SIZE, READ | WRITE, PRIVATE | FIXED) == STACK_AT &&
	       map(SIGNAL_STACK_AT, SIGNAL_STACK_SIZE, READ | WRITE, PRIVATE | FIXED) == SIGNAL_STACK_AT;
}

void launch(void)
{
	ulong chld[2] = { 1UL << (SIG_CHLD - 1), 0 };
	long failed, fd;

	CALL(NR_PRCTL, 1, SIG_KILL, 0, 0, 0, 0);	/* gone when whoever started us is */
	CALL(NR_SETSID, 0, 0, 0, 0, 0, 0);
	if (CALL(NR_CLOSE_RANGE, 2, ~0U, 0, 0, 0, 0))	/* since 5.9 */
		for (fd = 2; fd < 4096; fd++)
			CALL(NR_CLOSE, fd, 0, 0, 0, 0, 0);
	limit(LIMIT_CORE, 0);
	limit(LIMIT_FSIZE, 0);
	limit(LIMIT_AS, ADDRESS_SPACE);
	CALL(NR_SIGMASK, 0, chld, 0, 8, 0, 0);		/* waited for, not handled */
	if (!lay_out())
		answer(1, 0);
	failed = lock_up();
	if (failed)
		answer(7, -failed);
	load();
	answer(0, 0);
	for (;;)
		play_one();
}
