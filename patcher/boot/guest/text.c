// SPDX-License-Identifier: GPL-2.0-only
/* Text, numbers and small files. */

#include "guest.h"

#define MOST (256 * 1024UL)

static char space[2 * MOST];
static ulong used;

ulong length(const char *text)
{
	ulong n = 0;

	while (text[n])
		n++;
	return n;
}

int begins(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return 0;
	return 1;
}

int same(const char *a, const char *b)
{
	return begins(a, b) && begins(b, a);
}

wide hex(const char **text)
{
	wide value = 0;

	for (;; (*text)++) {
		char c = **text;

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (c - 'a' + 10);
		else
			return value;
	}
}

long number(const char *text)
{
	long value = 0;

	while (*text >= '0' && *text <= '9')
		value = value * 10 + (*text++ - '0');
	return value;
}

/* Valid until the next call but one. */
char *slurp(const char *path, ulong *size)
{
	int file = CALL3(NR_OPEN, path, O_RDONLY, 0);
	char *text = space + used;
	ulong got = 0;
	long n;

	if (failed(file))
		return 0;
	used = used ? 0 : MOST;
	while (got < MOST - 1 && (n = CALL3(NR_READ, file, text + got, MOST - 1 - got)) > 0)
		got += n;
	CALL3(NR_CLOSE, file, 0, 0);
	text[got] = 0;
	if (size)
		*size = got;
	return text;
}

int spit(const char *path, const char *text)
{
	int file = CALL3(NR_OPEN, path, O_WRONLY, 0);
	long n;

	if (failed(file))
		return file;
	n = CALL3(NR_WRITE, file, text, length(text));
	CALL3(NR_CLOSE, file, 0, 0);
	return n < 0 ? n : 0;
}

/* The compiler makes calls of these. */
void *memset(void *at, int value, ulong size)
{
	volatile byte *p = at;

	while (size--)
		*p++ = value;
	return at;
}

void *memcpy(void *to, const void *from, ulong size)
{
	volatile byte *p = to;
	const byte *q = from;

	while (size--)
		*p++ = *q++;
	return to;
}
