/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the first program of the guest share. */
#ifndef GUEST_H
#define GUEST_H

#include "calls.h"

/* say.c: a line of JSON on the console for what one probe saw. Each is also kept, and said again at the end. */
void begin(const char *probe, const char *name);
void put(const char *key, const char *value);
void put_hex(const char *key, wide value);
void put_number(const char *key, long value);
void put_bytes(const char *key, const byte *data, ulong size);
void end(void);
void all_again(void);

/* text.c */
void *memset(void *at, int value, ulong size);
void *memcpy(void *to, const void *from, ulong size);
ulong length(const char *text);
int same(const char *a, const char *b);
int begins(const char *text, const char *with);
wide hex(const char **text);
long number(const char *text);
char *slurp(const char *path, ulong *size);	/* a file as text, 0 where it cannot be read */
int spit(const char *path, const char *text);

/* What a process of its own saw: it may be killed for a look at a page. Shared with it. */
struct seen {
	volatile int stage, error;	/* of open, map, read, done */
	byte data[64];
	long extra;
};
enum { OPENING, MAPPING, LOOKING, DONE };

struct place {
	char name[48];
	wide at;
};

extern struct seen *seen;
const char *apart(void (*what)(const void *), const void *with, int seconds);	/* "done", or how the process ended */

void given(const char *text);	/* places.c: a place to look at, too */
void places(void);	/* places.c: what of /dev/mem can be had */
void balloon(int steps);	/* balloon.c */
void layout(const char *when);
void foreign(void);	/* foreign.c */

#endif
