// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the code under test calls and the rest of a kernel would supply, that
 * takes none of the tree's headers. Where it is weak, the tree's own counts.
 */
#include "program.h"

EXPORT void *memset(void *to, int c, ulong n)
{
	byte *p = to;

	access_copies();
	while (n--)
		*p++ = c;
	access_copied();
	return to;
}

EXPORT void *memcpy(void *to, const void *from, ulong n)
{
	byte *p = to;
	const byte *q = from;

	access_copies();
	if (!(((ulong)p | (ulong)q) % sizeof(ulong)))	/* by words: a copied page is stepped through */
		for (; n >= sizeof(ulong); n -= sizeof(ulong), p += sizeof(ulong), q += sizeof(ulong))
			*(volatile ulong *)p = *(const ulong *)q;
	while (n--)
		*p++ = *q++;
	access_copied();
	return to;
}

EXPORT void *memmove(void *to, const void *from, ulong n)
{
	byte *p = to;
	const byte *q = from;

	if (p < q)
		return memcpy(to, from, n);
	access_copies();
	while (n--)
		p[n] = q[n];
	access_copied();
	return to;
}

EXPORT int memcmp(const void *a, const void *b, ulong n)
{
	const byte *p = a, *q = b;
	int found = 0;

	access_copies();
	for (; n-- && !found; p++, q++)
		found = *p - *q;
	access_copied();
	return found;
}

EXPORT char *strncpy(char *to, const char *from, ulong n)
{
	ulong i;

	access_copies();
	for (i = 0; i < n; i++) {
		to[i] = *from;
		if (*from)
			from++;
	}
	access_copied();
	return to;
}

#define WEAK EXPORT __attribute__((weak))

/* The linear map, without the kernel image's second mapping: extend_brk() answers with linear addresses here. */
WEAK ulong phys_base;

WEAK ulong __phys_addr(ulong address)
{
	return address - ARENA_BASE;
}

WEAK byte __virt_addr_valid(ulong address)
{
	return address >= ARENA_BASE;
}

/* On 64 bits these are written in assembler, in files of their own. */
WEAK void copy_page(void *to, void *from)
{
	memcpy(to, from, PAGE);
}

WEAK void clear_page(void *page)
{
	memset(page, 0, PAGE);
}

#ifndef __x86_64__
/* As the boot code of a 32-bit domain leaves them, below what Xen keeps for itself. */
WEAK ulong __FIXADDR_TOP = 0xf57ff000;
WEAK unsigned __VMALLOC_RESERVE = 128 << 20;
#endif
