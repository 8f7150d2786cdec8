// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a scenario says, and how it ends. The memory that is in is shut while
 * the tree's code runs, so that a stray store cannot make an answer.
 */
#include "program.h"

static int shut;
static word at, warnings, warned_at, messages;
static word lines[BACKTRACE], nr_lines;
static word begun;	/* where the step's words begin */

int answers_open(void)
{
	int was = !shut;

	if (shut)
		CALL(NR_MPROTECT, ANSWERS_AT, ANSWERS_SIZE, READ | WRITE, 0, 0, 0);
	shut = 0;
	return was;
}

void answers_close(void)
{
	if (!shut)
		CALL(NR_MPROTECT, ANSWERS_AT, ANSWERS_SIZE, 0, 0, 0, 0);
	shut = 1;
}

void answers_as(int open)
{
	if (open)
		answers_open();
	else
		answers_close();
}

void say(word value)
{
	if (ANSWERS->count >= MOST_OUT)
		stop(STOP_OUTPUT_FULL, 0, 0, 0);
	ANSWERS->out[ANSWERS->count++] = value;
}

/* Each operation says its number, how many words follow (all ones while it is not done), and those. */
void step_begins(void)
{
	at++;
	say(at);
	say(~0ULL);
	begun = ANSWERS->count;
}

void step_ends(void)
{
	if (!begun || begun > ANSWERS->count)
		stop(STOP_BAD_SCENARIO, 5, 0, 0);
	ANSWERS->out[begun - 1] = ANSWERS->count - begun;
}

word step_number(void)
{
	return at;
}

/* Made of all that is said, and of what the tree's code does not know. */
static word seal(void)
{
	word sum = ANSWERS->nonce, i;

	for (i = 0; i < H_SEAL; i++)
		sum += ANSWERS->header[i];
	for (i = 0; i < ANSWERS->count; i++)
		sum += ANSWERS->out[i];
	return sum;
}

void stop(enum stop why, word a, word b, word c)
{
	unsigned i;

	answers_open();
	ANSWERS->header[H_WHY] = why;
	ANSWERS->header[H_A] = a;
	ANSWERS->header[H_B] = b;
	ANSWERS->header[H_C] = c;
	ANSWERS->header[H_AT] = at;
	ANSWERS->header[H_WARNINGS] = warnings;
	ANSWERS->header[H_WARNED_AT] = warned_at;
	ANSWERS->header[H_LINES] = nr_lines;
	for (i = 0; i < BACKTRACE; i++)
		ANSWERS->header[H_TRACE + i] = lines[i];
	ANSWERS->header[H_SEAL] = seal();
	for (;;)
		CALL(NR_EXIT_GROUP, 0, 0, 0, 0, 0, 0);
}

/* The ends that the tree's code, and what stands between, may come to by a call. */
void shim_stop(enum stop why, word a, word b, word c)
{
	trace_here();
	if (why != STOP_PANIC && why != STOP_HYPERCALL && why != STOP_BAD_SCENARIO)
		stop(STOP_BROKEN, why, 0, 0);
	stop(why, a, b, c);
}

/* Frame pointers, as long as they go up and stay on the scenario's stack. */
void trace_from(ulong frame)
{
	ulong n = 0;

	while (n < BACKTRACE && frame >= STACK_AT && frame < STACK_AT + STACK_SIZE - 2 * sizeof(long) &&
	       !(frame % sizeof(long))) {
		ulong *words = (ulong *)frame;

		lines[n++] = returns_to(words[1]);
		if (words[0] <= frame)
			break;
		frame = words[0];
	}
	nr_lines = n;
}

void warned(const void *place)
{
	if (!warnings++)
		warned_at = (ulong)place;
}

void told(void)
{
	messages++;
}

word messages_told(void)
{
	return messages;
}

/* Runs: how many, the first, and by how much each next one differs: 0 or 1. They are said some at a time. */
static struct run { word count, first, step; } kept[256], run;
static unsigned nr_kept;

static void say_kept(void)
{
	int was = answers_open();
	unsigned i;

	for (i = 0; i < nr_kept; i++) {
		say(kept[i].count);
		say(kept[i].first);
		say(kept[i].step);
	}
	nr_kept = 0;
	answers_as(was);
}

static void run_flush(void)
{
	if (!run.count)
		return;
	if (nr_kept >= sizeof(kept) / sizeof(kept[0]))
		say_kept();
	kept[nr_kept++] = run;
	run.count = 0;
}

void run_start(void)
{
	run.count = nr_kept = 0;
}

void run_add(word value)
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

/* What was added is said; more may follow. */
void run_end(void)
{
	run_flush();
	say_kept();
}
