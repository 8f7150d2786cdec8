// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was seen, in lines of JSON behind a mark. The kernel's messages go to the same console and may come in between:
 * so a line ends with the sum of its bytes, and all lines are said again at the end, when it is quiet.
 */

#include "guest.h"

#define MARK "@patcher "

static char line[2048], kept[192 * 1024];
static ulong at, all;
static int serial;

static void add(char c)
{
	if (at < sizeof(line) - 32)
		line[at++] = c;
}

static void raw(const char *text)
{
	while (*text)
		add(*text++);
}

static void quoted(const char *text)
{
	add('"');
	for (; *text; text++) {
		byte c = *text;

		if (c == '"' || c == '\\')
			add('\\');
		add(c >= ' ' && c < 0x7f ? c : '?');
	}
	add('"');
}

static void hexed(wide value)
{
	int shift = 60;

	while (shift && !(value >> shift & 15))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		add("0123456789abcdef"[value >> shift & 15]);
}

static void key(const char *name)
{
	raw(", ");
	quoted(name);
	raw(": ");
}

void begin(const char *probe, const char *name)
{
	at = 0;
	raw("{\"n\": \"");
	hexed(serial++);
	raw("\"");
	put("probe", probe);
	put("name", name);
}

void put(const char *name, const char *value)
{
	key(name);
	quoted(value);
}

void put_hex(const char *name, wide value)
{
	key(name);
	raw("\"0x");
	hexed(value);
	raw("\"");
}

void put_number(const char *name, long value)
{
	char text[24];
	ulong left = value < 0 ? -(ulong)value : (ulong)value;
	int n = sizeof(text);

	text[--n] = 0;
	do
		text[--n] = '0' + left % 10;
	while (left /= 10);
	if (value < 0)
		text[--n] = '-';
	key(name);
	raw(text + n);
}

void put_bytes(const char *name, const byte *data, ulong size)
{
	key(name);
	raw("\"");
	while (size--) {
		add("0123456789abcdef"[*data >> 4]);
		add("0123456789abcdef"[*data++ & 15]);
	}
	raw("\"");
}

static void out(const char *text, ulong size)
{
	while (size) {
		long n = CALL3(NR_WRITE, 1, text, size);

		if (n <= 0)
			return;
		text += n;
		size -= n;
	}
}

static ulong sum_of(const char *text, ulong size)
{
	ulong found = 0;

	while (size--)
		found = (found * 31 + (byte)*text++) & 0xffffff;
	return found;
}

void end(void)
{
	ulong sum;

	line[at++] = '}';
	sum = sum_of(line, at);
	line[at++] = ' ';
	hexed(sum);
	line[at++] = '\n';
	out("\n" MARK, sizeof(MARK));
	out(line, at);
	if (all + at + sizeof(MARK) <= sizeof(kept)) {
		memcpy(kept + all, MARK, sizeof(MARK) - 1);
		memcpy(kept + all + sizeof(MARK) - 1, line, at);
		all += at + sizeof(MARK) - 1;
	}
}

void all_again(void)
{
	out("\n", 1);
	out(kept, all);
}
