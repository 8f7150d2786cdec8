/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls of the kernel below, without a C library: glibc refuses to run on kernels as old as 2.6.37. */
#ifndef GUEST_CALLS_H
#define GUEST_CALLS_H

typedef unsigned char byte;
typedef unsigned int word;
typedef unsigned long ulong;
typedef unsigned long long wide;

#define PAGE 4096UL

#ifdef __x86_64__
enum {
	NR_READ = 0, NR_WRITE = 1, NR_OPEN = 2, NR_CLOSE = 3, NR_MMAP = 9, NR_MPROTECT = 10, NR_MUNMAP = 11,
	NR_IOCTL = 16, NR_PREAD = 17, NR_PIPE = 22, NR_DUP2 = 33, NR_NANOSLEEP = 35, NR_FORK = 57, NR_EXECVE = 59,
	NR_EXIT = 60, NR_WAIT4 = 61, NR_KILL = 62, NR_SYNC = 162, NR_MOUNT = 165, NR_REBOOT = 169,
};

static inline long call(long number, ulong a, ulong b, ulong c, ulong d, ulong e, ulong f)
{
	register ulong r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
	long back;

	asm volatile("syscall" : "=a"(back) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return back;
}
#else
enum {
	NR_EXIT = 1, NR_FORK = 2, NR_READ = 3, NR_WRITE = 4, NR_OPEN = 5, NR_CLOSE = 6, NR_EXECVE = 11, NR_MOUNT = 21,
	NR_SYNC = 36, NR_KILL = 37, NR_PIPE = 42, NR_IOCTL = 54, NR_DUP2 = 63, NR_REBOOT = 88, NR_MUNMAP = 91,
	NR_WAIT4 = 114, NR_MPROTECT = 125, NR_NANOSLEEP = 162, NR_PREAD = 180, NR_MMAP = 192,
};

static inline long call(long number, ulong a, ulong b, ulong c, ulong d, ulong e, ulong f)
{
	ulong all[6] = { a, b, c, d, e, f };
	ulong *given = all;
	long back;

	/* The sixth goes into ebp, which the compiler may be using. */
	asm volatile("push %%ebp\n\tpush %%ebx\n\tmov 20(%%edx), %%ebp\n\tmov (%%edx), %%ebx\n\tmov 4(%%edx), %%ecx\n\t"
		     "mov 12(%%edx), %%esi\n\tmov 16(%%edx), %%edi\n\tmov 8(%%edx), %%edx\n\tint $0x80\n\t"
		     "pop %%ebx\n\tpop %%ebp"
		     : "=a"(back), "+d"(given) : "a"(number) : "ecx", "esi", "edi", "memory");
	return back;
}
#endif

#define CALL(nr, a, b, c, d, e, f) call(nr, (ulong)(a), (ulong)(b), (ulong)(c), (ulong)(d), (ulong)(e), (ulong)(f))
#define CALL3(nr, a, b, c) CALL(nr, a, b, c, 0, 0, 0)

enum { P_READ = 1, P_WRITE = 2, M_SHARED = 1, M_ANON = 0x20, O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_SYNC = 04010000 };
enum { SIG_KILL = 9, WNOHANG = 1 };

static inline int failed(long back)
{
	return (ulong)back > -4096UL;
}

static inline long mapped(wide at, ulong size, int protection, int file)
{
#ifdef __x86_64__
	return CALL(NR_MMAP, 0, size, protection, M_SHARED, file, at);
#else
	return CALL(NR_MMAP, 0, size, protection, M_SHARED, file, at >> 12);	/* in pages */
#endif
}

static inline void pause_ms(int ms)
{
	long time[2] = { ms / 1000, ms % 1000 * 1000000L };

	CALL3(NR_NANOSLEEP, time, 0, 0);
}

#endif
