// SPDX-License-Identifier: GPL-2.0-only
/*
 * An instruction that repeats itself ("rep movs", "rep stos") traps behind each word, and a page has a thousand of
 * them. Once a first word of the page has gone through, the others of that page are the same: they are done here.
 */
#include "context.h"
#include "program.h"

enum { PREFIX_REP = 0xf3, PREFIX_REX_W = 0x48, MOVS = 0xa4, STOS = 0xaa };	/* the odd ones: words, not bytes */

/* Words of @size bytes at @from up to the end of its page; none at its start, as nobody knows yet what page that is. */
static ulong rest_of_page(ulong from, ulong size)
{
	return from % PAGE ? (PAGE - from % PAGE) / size : 0;
}

/* @context: the trap's, before another turn of the instruction. */
void finish_repeated(void *context)
{
	const byte *code = (const byte *)REG(context, IP);
	ulong from = REG(context, SI), to = REG(context, DI), size, count, i;
	int copies;

	if (*code++ != PREFIX_REP || REG(context, FLAGS) & DIRECTION_FLAG)
		return;
	size = sizeof(int);
#ifdef __x86_64__
	if (*code == PREFIX_REX_W) {
		size = sizeof(long);
		code++;
	}
#endif
	if ((*code & ~1) != MOVS && (*code & ~1) != STOS)
		return;
	copies = (*code & ~1) == MOVS;
	if (!(*code & 1))
		size = 1;
	count = rest_of_page(to, size);
	if (copies && count > rest_of_page(from, size))
		count = rest_of_page(from, size);
	if (count > REG(context, CX))
		count = REG(context, CX);
	for (i = 0; i < count; i++) {
		ulong at = i * size, value = copies ? 0 : REG(context, AX);

		if (size == 1)
			*(volatile byte *)(to + at) = copies ? *(byte *)(from + at) : (byte)value;
		else if (size == sizeof(int))
			*(volatile unsigned *)(to + at) = copies ? *(unsigned *)(from + at) : (unsigned)value;
		else
			*(volatile ulong *)(to + at) = copies ? *(ulong *)(from + at) : value;
	}
	REG(context, CX) -= count;
	REG(context, DI) += count * size;
	if (copies)
		REG(context, SI) += count * size;
}
