// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running the code under test: at full speed, an instruction at a time, or up
 * to its locked instructions, so that a rival comes at a chosen point.
 */
#include "program.h"

extern void signal_return(void);
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

word *set_locked(word *p)
{
	locked.count = *p++;
	locked.at = p;
	if (locked.count > sizeof(locked.kept))
		stop(STOP_BAD_SCENARIO, 4, 0, 0);
	return set_data(p + locked.count);
}

static void arm(int on)
{
	word i;

	if (locked.armed == on)
		return;
	locked.armed = on;
	for (i = 0; i < locked.count; i++) {
		byte *code = (byte *)(ulong)locked.at[i];

		CALL(NR_MPROTECT, (ulong)code & ~(PAGE - 1), PAGE, READ | WRITE, 0, 0, 0);
		if (on)
			locked.kept[i] = *code;
		*code = on ? 0xcc : locked.kept[i];
		CALL(NR_MPROTECT, (ulong)code & ~(PAGE - 1), PAGE, READ | EXECUTE, 0, 0, 0);
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

#ifdef __x86_64__
#define REG_IP(context) (*(ulong *)((byte *)(context) + 40 + 16 * 8))
#define REG_BP(context) (*(ulong *)((byte *)(context) + 40 + 10 * 8))
#define REG_FLAGS(context) (*(ulong *)((byte *)(context) + 40 + 17 * 8))
#define FAULT(info) (*(ulong *)((byte *)(info) + 16))
#define WRITES(context) (!!(*(ulong *)((byte *)(context) + 40 + 19 * 8) & 2))
#define NUMBER(info) (*(int *)((byte *)(info) + 24))
#else
#define REG_IP(context) (*(ulong *)((byte *)(context) + 20 + 14 * 4))
#define REG_BP(context) (*(ulong *)((byte *)(context) + 20 + 6 * 4))
#define REG_FLAGS(context) (*(ulong *)((byte *)(context) + 20 + 16 * 4))
#define FAULT(info) (*(ulong *)((byte *)(info) + 12))
#define WRITES(context) (!!(*(ulong *)((byte *)(context) + 20 + 13 * 4) & 2))
#define NUMBER(info) (*(int *)((byte *)(info) + 16))
#endif

int in_shim(ulong ip)
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
	race(RACE_STEP, ip);
}

/* A breakpoint, or the step over what was in its place. */
static int locked_trap(void *context)
{
	ulong ip = REG_IP(context);

	if (locked.armed && at_locked(ip - 1)) {
		REG_IP(context) = locked.stepping = ip - 1;
		arm(0);		/* the rival may come by here */
		race(RACE_LOCKED, ip - 1);
		REG_FLAGS(context) |= 0x100;
		return 1;
	}
	if (!locked.stepping)
		return 0;
	locked.stepping = 0;
	race(RACE_AFTER_LOCKED, ip);
	REG_FLAGS(context) &= ~0x100UL;
	if (more_rivals())
		arm(1);
	return 1;
}

#define CODE(info) (((int *)(info))[2])
#define FROM_INT3 0x80

/* Where a fault is expected, the tree's exception table says how to go on: pairs of addresses, none of them ours. */
extern ulong __start___ex_table[] __attribute__((weak)), __stop___ex_table[] __attribute__((weak));

static int fixed_up(void *context)
{
	ulong *at;

	for (at = __start___ex_table; at && at + 1 < __stop___ex_table; at += 2)
		if (at[0] == REG_IP(context) && !in_shim(at[0]) && !in_shim(at[1])) {
			REG_IP(context) = at[1];
			return 1;
		}
	return 0;
}

static ulong previous;

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
	enum access found = access_faults(FAULT(info), REG_IP(context), WRITES(context));

	if (found == ACCESS_STEP)
		REG_FLAGS(context) |= 0x100;
	return found != ACCESS_NONE;
}

static int access_trap(void *context)
{
	enum access found = access_done(REG_IP(context));

	if (found == ACCESS_LET)
		REG_FLAGS(context) &= ~0x100UL;
	return found != ACCESS_NONE;
}

static void on_signal(int number, void *info, void *context)
{
	ulong ip = REG_IP(context);

	if (number == SIG_TRAP && locked_trap(context))
		return;
	if (number == SIG_TRAP && CODE(info) != FROM_INT3 && access_trap(context))
		return;
	if (number == SIG_TRAP && CODE(info) != FROM_INT3 && stepping) {
		if (step.watching) {
			watch(previous);
			if (!in_shim(ip))
				previous = ip;	/* so the shim's copy_page() is the doing of who called it */
		}
		step_over(ip);
		if (!more_rivals() && !step.limit && !step.watching)
			REG_FLAGS(context) &= ~0x100UL;	/* nothing more to see: at full speed from here */
		return;
	}
	if (number == SIG_SEGV && access_fault(info, context))
		return;
	if (number == SIG_SEGV && fixed_up(context))
		return;
	trace_from(REG_BP(context));
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
	if (rivals.point == RACE_LOCKED || rivals.point == RACE_AFTER_LOCKED) {
		arm(1);
		answer = do_call(call, a, b);
		arm(0);
		return answer;
	}
	if (rivals.point != RACE_STEP && !step.watching && !step.limit)
		return do_call(call, a, b);
	stepping = 1;
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
