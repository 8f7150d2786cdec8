/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls of the kernel below that the launcher and the program make, without a C library. */
#ifndef PROVE_KERNEL_H
#define PROVE_KERNEL_H

#include "layout.h"

#ifdef __x86_64__
enum {
	NR_READ = 0, NR_WRITE = 1, NR_CLOSE = 3, NR_MMAP = 9, NR_MPROTECT = 10, NR_SIGACTION = 13, NR_SIGMASK = 14,
	NR_SIGRETURN = 15, NR_SETITIMER = 38, NR_FORK = 57, NR_EXIT = 60, NR_WAIT4 = 61, NR_KILL = 62, NR_SETSID = 112,
	NR_SIGTIMEDWAIT = 128, NR_SIGALTSTACK = 131, NR_PRCTL = 157, NR_SETRLIMIT = 160, NR_EXIT_GROUP = 231,
	NR_CLOSE_RANGE = 436,
};
#define AUDIT_ARCH 0xc000003e
#define CALLING
#else
enum {
	NR_EXIT = 1, NR_FORK = 2, NR_READ = 3, NR_WRITE = 4, NR_CLOSE = 6, NR_KILL = 37, NR_SETSID = 66,
	NR_SETRLIMIT = 75, NR_SETITIMER = 104, NR_WAIT4 = 114, NR_MPROTECT = 125, NR_PRCTL = 172, NR_SIGRETURN = 173,
	NR_SIGACTION = 174, NR_SIGMASK = 175, NR_SIGTIMEDWAIT = 177, NR_SIGALTSTACK = 186, NR_MMAP = 192,
	NR_EXIT_GROUP = 252, NR_CLOSE_RANGE = 436,
};
#define AUDIT_ARCH 0x40000003
#define CALLING __attribute__((regparm(0)))
#endif

enum { SIG_ILL = 4, SIG_TRAP = 5, SIG_BUS = 7, SIG_FPE = 8, SIG_KILL = 9, SIG_SEGV = 11, SIG_CHLD = 17, SIG_PROF = 27,
       SIG_SYS = 31 };
enum { READ = 1, WRITE = 2, EXECUTE = 4, SHARED = 1, PRIVATE = 2, FIXED = 0x10, ANON = 0x20, NORESERVE = 0x4000 };

extern long system_call(long number, ulong a, ulong b, ulong c, ulong d, ulong e, ulong f) CALLING;
#define CALL(nr, a, b, c, d, e, f) \
	system_call(nr, (ulong)(a), (ulong)(b), (ulong)(c), (ulong)(d), (ulong)(e), (ulong)(f))

static inline ulong map(ulong at, ulong size, int protection, int flags)
{
	return CALL(NR_MMAP, at, size, protection, flags | ANON, -1, 0);
}

/* Zeros from here on. Not memset(): the compiler would know its name. */
static inline void clear(void *at, ulong size)
{
	volatile byte *p = at;

	while (size--)
		*p++ = 0;
}

#endif
