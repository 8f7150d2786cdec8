// SPDX-License-Identifier: GPL-2.0-only
/* Plays one scenario: a machine, and the operations on it, each with what it has to say. */
#include "program.h"

static void facts(void)
{
	static word values[FACT_COUNT], there[CALL_COUNT];
	unsigned i;

	answers_close();
	for (i = 0; i < FACT_COUNT; i++)
		values[i] = fact(i);
	for (i = 0; i < CALL_COUNT; i++)
		there[i] = has_call(i);
	answers_open();
	for (i = 0; i < FACT_COUNT; i++)
		say(values[i]);
	for (i = 0; i < CALL_COUNT; i++)
		say(there[i]);
}

static word *call(word *p)
{
	step.watching = step.during && step.during == step_number();
	say(make(p[0], p[1], p[2]));
	step.watching = 0;
	if (step.seen)
		watch(step.place);
	return p + 3;
}

static word *against_rivals(word *p)
{
	word i;

	rivals.point = *p++;
	rivals.count = *p++;
	if (rivals.count > MOST_RIVALS)
		stop(STOP_BAD_SCENARIO, 8, rivals.count, 0);
	for (i = 0; i < rivals.count; i++, p += 4) {
		rivals.each[i].at = p[0];
		rivals.each[i].call = p[1];
		rivals.each[i].a = p[2];
		rivals.each[i].b = p[3];
	}
	rivals.next = rivals.waiting = 0;
	say(make(p[0], p[1], p[2]));
	say(rivals.seen);
	for (i = 0; i < rivals.count; i++) {
		say(i < rivals.next);
		say(rivals.each[i].answer);
		say(rivals.each[i].place);
	}
	access_say();
	rivals.point = 0;
	return p + 3;
}

/* Whose these frames are, by Xen's table: a PFN, or nobody's. */
static void owners(word from, word to)
{
	run_start();
	for (; from < to; from++)
		run_add(from >> m.order ? INVALID : m2p[from]);
	run_end();
	say(0);
}

static void peek(word at, word count)
{
	for (; count; count--, at += sizeof(long))
		say(*(ulong *)(ulong)at);
}

static void stats(void)
{
	say(m.brk_used);
	say(m.heap_used);
	say(m.heap_freed);
	say(m.allocations);
	say(step.turns);
	say(step.place);
	say(step.changed);
	say(messages_told());
}

static word *operation(word op, word *p)
{
	switch (op) {
	case OP_MACHINE:
		return machine(p);
	case OP_E820:
		return e820(p);
	case OP_JUMPS:
		return set_jumps(p);
	case OP_BOOTED:
		m.booted = 1;
		return p;
	case OP_CALL:
		return call(p);
	case OP_RACE:
		return against_rivals(p);
	case OP_SCAN:
		lookups(p[0], p[1]);
		return p + 2;
	case OP_VIEW:
		view(p[0], p[1]);
		return p + 2;
	case OP_OWNERS:
		owners(p[0], p[1]);
		return p + 2;
	case OP_M2P:
		if (!(p[0] >> m.order))
			m2p[p[0]] = p[1];
		return p + 2;
	case OP_OVERRIDE:
		add_override(p[0], p[1]);
		return p + 2;
	case OP_FAIL:	/* let the n-th allocation from now, and so many after it, fail */
		m.fail_at = m.allocations + p[0];
		m.fail_count = p[1];
		return p + 2;
	case OP_RESUME:
		resume(*p);
		return p + 1;
	case OP_FACTS:
		facts();
		return p;
	case OP_SNAPSHOT:
		snapshot();
		return p;
	case OP_DIFF:
		differ();
		return p;
	case OP_PEEK:
		peek(p[0], p[1]);
		return p + 2;
	case OP_LIMIT:	/* count turns of loops, and end at so many */
		step.limit = *p;
		say(step.turns);
		step.turns = 0;
		return p + 1;
	case OP_LOST:
		say(lost());
		return p;
	case OP_WATCH:
		step.seen = 1;
		step.watched = p[0];
		step.during = p[1];
		step.last = raw_entry(step.watched);
		step.leaf = own_leaf(step.watched);
		return p + 2;
	case OP_HIGH:
		high(p[0], p[1], p[2], p[3]);
		return p + 4;
	case OP_STATS:
		stats();
		return p;
	default:
		stop(STOP_BAD_SCENARIO, 3, op, 0);
	}
}

void drive(void)
{
	word *p = INPUT, op;

	answers_open();
	catch_signals();
	tables_find();
	while ((op = *p++) != OP_END) {
		step_begins();
		p = operation(op, p);
		step_ends();
	}
	stop(STOP_DONE, 0, 0, 0);
}
