// SPDX-License-Identifier: GPL-2.0-only
/*
 * The turns that the loops of the code under test take: each jump back, told
 * by who built us, has a breakpoint in its place, and the jump is done here.
 * (To step through all instructions takes far longer where a debug trap has to
 * ask a hypervisor.)
 */
#include "context.h"
#include "program.h"

static struct {
	word count, *at;	/* from the lowest address to the highest */
	byte kept[4096];	/* what a breakpoint replaces */
	int armed;
} jumps;

word *set_jumps(word *p)
{
	jumps.count = *p++;
	jumps.at = p;
	if (jumps.count > sizeof(jumps.kept))
		stop(STOP_BAD_SCENARIO, 4, 0, 0);
	return set_data(p + jumps.count);
}

static void protect_code(int protection)
{
	ulong from = (ulong)jumps.at[0] & ~(PAGE - 1), to = (ulong)jumps.at[jumps.count - 1] + 1;

	CALL(NR_MPROTECT, from, to - from, protection, 0, 0, 0);
}

void count_loops(int on)
{
	word i;

	if (jumps.armed == on || !jumps.count)
		return;
	jumps.armed = on;
	protect_code(READ | WRITE | EXECUTE);
	for (i = 0; i < jumps.count; i++) {
		byte *code = (byte *)(ulong)jumps.at[i];

		if (in_shim((ulong)code))
			continue;
		if (on)
			jumps.kept[i] = *code;
		*code = on ? 0xcc : jumps.kept[i];
	}
	protect_code(READ | EXECUTE);
}

/* Whether a condition holds, numbered as in the instruction. */
static int holds(unsigned condition, ulong flags)
{
	int carry = !!(flags & 1), parity = !!(flags & 4), zero = !!(flags & 0x40);
	int less = !(flags & 0x80) != !(flags & 0x800);
	const int found[] = { !!(flags & 0x800), carry, zero, carry || zero, !!(flags & 0x80), parity, less, less || zero };

	return found[condition / 2] ^ (condition & 1);
}

/* The jump @code, of which the first byte was @first. */
static ulong jump(const byte *code, byte first, ulong flags)
{
	int far = first == 0x0f || first == 0xe9;
	const byte *number = code + 1 + (first == 0x0f), *next = number + (far ? 4 : 1);

	if ((first == 0x0f && !holds(code[1] & 15, flags)) || ((first & 0xf0) == 0x70 && !holds(first & 15, flags)))
		return (ulong)next;
	return (ulong)next + (far ? *(const int *)number : *(const signed char *)number);
}

/* A breakpoint of ours: the loop takes another turn, or ends. */
int jump_trap(void *context)
{
	ulong at = REG(context, IP) - 1;
	word low = 0, high = jumps.count;

	while (jumps.armed && low < high) {
		word middle = (low + high) / 2;

		if (jumps.at[middle] == at && !in_shim(at)) {
			step.turns++;
			if (step.turns > step.limit)
				stop(STOP_SIGNAL, SIG_PROF, at, 0);
			REG(context, IP) = jump((const byte *)at, jumps.kept[middle], REG(context, FLAGS));
			return 1;
		}
		if (jumps.at[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}
