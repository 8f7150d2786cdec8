// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running the code under test: at full speed, an instruction at a time, or
 * with its loops counted; a rival comes at a chosen point.
 */
#include "context.h"
#include "program.h"

extern void signal_return(void);
extern byte step_back[];
extern word step_call(enum call call, word a, word b);
#ifdef __x86_64__
#define stepped(call, a, b) step_call(call, a, b)
#else
extern void step_end(void);
static word stepped(enum call call, word a, word b)
{
	word answer = step_call(call, a, b);

	step_end();
	return answer;
}
#endif

struct rivals rivals;
struct step step;
static int stepping;	/* traps are expected */

static int more_rivals(void)
{
	return rivals.next < rivals.count;
}

static int at_accesses(void)
{
	return rivals.point == RACE_ACCESS || rivals.point == RACE_ACCESS_DATA;
}

static void rival_comes(void)
{
	word heap = m.heap_used, i = rivals.next;

	access_rival();
	rivals.inside = 1;
	rivals.each[i].answer = do_call(rivals.each[i].call, rivals.each[i].a, rivals.each[i].b);
	rivals.inside = 0;
	rivals.next = i + 1;
	access_rival_gone(heap);
}

/* One after another, all that wait for this point. */
static void rivals_come(void)
{
	while (more_rivals() && rivals.each[rivals.next].at == rivals.seen)
		rival_comes();
	if (at_accesses() && more_rivals())
		access_shut();
	else
		access_open();
}

/* A point; @place: the instruction before it, where there is one to tell. */
void race(unsigned point, ulong place)
{
	if (rivals.point != point || rivals.inside || rivals.waiting)
		return;
	rivals.seen++;
	if (!more_rivals() || rivals.each[rivals.next].at != rivals.seen)
		return;
	rivals.each[rivals.next].place = place;
	rivals.waiting = locks_held();
	if (!rivals.waiting)
		rivals_come();
}

/* A rival that came while locks were held has waited for them: it may want them, too. */
void race_unlocked(void)
{
	if (rivals.waiting && !locks_held()) {
		rivals.waiting = 0;
		rivals_come();
	}
}

extern byte __start_shimtext[], __stop_shimtext[];

int in_shim(ulong ip)
{
	return (byte *)ip >= __start_shimtext && (byte *)ip < __stop_shimtext;
}

/* Where a fault is expected, the tree's exception table says how to go on: pairs of addresses, none of them ours. */
extern ulong __start___ex_table[] __attribute__((weak)), __stop___ex_table[] __attribute__((weak));

static int fixed_up(void *context)
{
	ulong *at;

	for (at = __start___ex_table; at && at + 1 < __stop___ex_table; at += 2)
		if (at[0] == REG(context, IP) && !in_shim(at[0]) && !in_shim(at[1])) {
			REG(context, IP) = at[1];
			return 1;
		}
	return 0;
}

static ulong previous;		/* where the tree's code was last, before this trap */
static int came_from_tree;	/* the trap before this one was there */
#define LONGEST_CALL 7		/* bytes */
static ulong skipped;		/* where the shim returns to, that runs at full speed for the tree; or 0 */

ulong returns_to(ulong address)
{
	return skipped && address == (ulong)step_back ? skipped : address;
}

/*
 * The tree's code has just called the shim: what that does is the doing of who called it. It runs at full speed, and
 * returns to a breakpoint. (A call leaves the address behind itself on the stack, so that it is told from a return and
 * from a jump; those are stepped through.)
 */
static int skip_shim(void *context)
{
	ulong ip = REG(context, IP), *back = (ulong *)REG(context, SP);

	if (!came_from_tree || !in_shim(ip) || *back <= previous || *back > previous + LONGEST_CALL)
		return 0;
	came_from_tree = 0;
	skipped = *back;
	*back = (ulong)step_back;
	REG(context, FLAGS) &= ~(ulong)TRAP_FLAG;
	return 1;
}

static void skip_ends(void *context)
{
	REG(context, IP) = skipped;
	skipped = 0;
	REG(context, FLAGS) |= TRAP_FLAG;
}

/* Was it the instruction at @place that gave the watched PFN another entry, or another leaf to be in? */
void watch(word place)
{
	ulong *leaf = own_leaf(step.watched);
	word now = raw_entry(step.watched);

	if (now == step.last && leaf == step.leaf)
		return;
	step.last = now;
	step.leaf = leaf;
	step.place = place;
	step.changed = step_number();
}

/* An access to what both CPUs can see, and the step over it. */
static int access_fault(void *info, void *context)
{
	enum access found = access_faults(FAULT(info), REG(context, IP), WRITES(context));

	if (found == ACCESS_STEP)
		REG(context, FLAGS) |= TRAP_FLAG;
	return found != ACCESS_NONE;
}

static int access_trap(void *context)
{
	enum access found = access_done(REG(context, IP), context);

	if (found == ACCESS_LET)
		REG(context, FLAGS) &= ~(ulong)TRAP_FLAG;
	return found != ACCESS_NONE;
}

/* The trap flag was set, and an instruction is done. */
static void stepped_to(void *context)
{
	ulong ip = REG(context, IP);

	if (ip == previous)
		finish_repeated(context);
	watch(previous);
	came_from_tree = !in_shim(ip);
	if (came_from_tree)
		previous = ip;
}

static void on_signal(int number, void *info, void *context)
{
	ulong ip = REG(context, IP);

	if (number == SIG_TRAP && CODE(info) == FROM_INT3 && jump_trap(context))
		return;
	if (number == SIG_TRAP && CODE(info) != FROM_INT3 && access_trap(context))
		return;
	if (number == SIG_TRAP && skipped && ip == (ulong)step_back + 1) {
		skip_ends(context);
		stepped_to(context);
		return;
	}
	if (number == SIG_TRAP && CODE(info) != FROM_INT3 && stepping) {
		if (!skip_shim(context))
			stepped_to(context);
		return;
	}
	if (number == SIG_SEGV && access_fault(info, context))
		return;
	if (number == SIG_SEGV && fixed_up(context))
		return;
	trace_from(REG(context, BP));
	if (number == SIG_SYS)	/* a call of the kernel that is not the shim's: the address is the one behind it */
		stop(STOP_SYSTEM_CALL, NUMBER(info), ip - 2, 0);
	stop(STOP_SIGNAL, number, ip, number == SIG_PROF ? 0 : FAULT(info));
}

static struct { void *handler; ulong flags; void *restorer; ulong mask[64 / sizeof(long) / 8]; } action;

/* A scenario that takes more of the processor's time than this is in an endless loop. */
static void bound(long seconds)
{
	static struct { long a, b, c, d; } timer;

	timer.c = seconds;
	CALL(NR_SETITIMER, 2, &timer, 0, 0, 0, 0);
}

void catch_signals(void)
{
	static const byte numbers[] = { SIG_ILL, SIG_TRAP, SIG_BUS, SIG_FPE, SIG_SEGV, SIG_PROF, SIG_SYS };
	static struct { void *at; long flags; ulong size; } stack;
	unsigned i;

	for (i = 0; i < sizeof(numbers); i++) {
		action.handler = on_signal;
		/* siginfo, own restorer, on the other stack; a trap in a trap's rival is a fault of its own */
		action.flags = 4 | 0x04000000 | (numbers[i] == SIG_TRAP ? 0 : 0x08000000);
		action.restorer = signal_return;
		CALL(NR_SIGACTION, numbers[i], &action, 0, 8, 0, 0);
	}
	stack.at = (void *)SIGNAL_STACK_AT;
	stack.size = SIGNAL_STACK_SIZE;
	CALL(NR_SIGALTSTACK, &stack, 0, 0, 0, 0, 0);
	bound(ANSWERS->seconds);
}

/* The tree's code: from here until it is back, it cannot touch what was said. */
static word run_call(enum call call, word a, word b)
{
	word answer;

	if (at_accesses()) {
		access_begins();
		answer = do_call(call, a, b);
		access_open();
		return answer;
	}
	if (step.limit) {
		count_loops(1);
		answer = do_call(call, a, b);
		count_loops(0);
		return answer;
	}
	if (!step.watching)
		return do_call(call, a, b);
	stepping = 1;
	came_from_tree = 0;
	answer = stepped(call, a, b);
	stepping = 0;
	return answer;
}

word make(enum call call, word a, word b)
{
	word answer;

	answers_close();
	if (!has_call(call))
		stop(STOP_NO_SYMBOL, call, 0, 0);
	rivals.seen = 0;
	answer = run_call(call, a, b);
	if (locks_held())
		stop(STOP_LOCKED, 0, 0, 0);
	answers_open();
	return answer;
}

/* What a lookup says of [from, to). */
void lookups(word from, word to)
{
	run_start();
	answers_close();
	for (; from < to; from++)
		run_add(do_call(CALL_GET, from, 0));
	if (locks_held())
		stop(STOP_LOCKED, 0, 0, 0);
	answers_open();
	run_end();
	say(0);
}
