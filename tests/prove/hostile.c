// SPDX-License-Identifier: GPL-2.0-only
/* For test_prove_hostile.py: put in front of a lookup in the miniature tree. CASES is where its cases come. */
#ifdef CONFIG_X86_64
#define STACK "rsp"
#define FRAME "rbp"
#define A "rax"
#else
#define STACK "esp"
#define FRAME "ebp"
#define A "eax"
#endif
#define CALLER "mov (%%" FRAME "), %%" FRAME "; "
#ifdef CONFIG_X86_64
static __attribute__((noinline)) long kernel(long n, long a, long b, long c, long d, long e, long f)
{
	long r;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile ("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			  : "rcx", "r11", "memory");
	return r;
}
enum { N_READ = 0, N_WRITE = 1, N_MPROTECT = 10, N_MUNMAP = 11, N_SIGACTION = 13, N_PAUSE = 34, N_FORK = 57,
       N_EXIT = 231, N_KILL = 62, N_PTRACE = 101, N_MMAP = 9, N_PRCTL = 157, N_EXECVE = 59 };
#define GATE_0 0x0f
#define GATE_1 0x05
#define GATE_2 0xc3
#else
static __attribute__((noinline)) long kernel(long n, long a, long b, long c, long d, long e, long f)
{
	long r, args[] = { n, a, b, c, d, e, f };

	__asm__ volatile ("push %%ebx; push %%ebp; mov 4(%%eax), %%ebx; mov 8(%%eax), %%ecx; mov 12(%%eax), %%edx;"
			  "mov 16(%%eax), %%esi; mov 20(%%eax), %%edi; mov 24(%%eax), %%ebp; mov (%%eax), %%eax;"
			  "int $0x80; pop %%ebp; pop %%ebx" : "=a"(r) : "a"(args) : "ecx", "edx", "esi", "edi", "memory");
	return r;
}
enum { N_READ = 3, N_WRITE = 4, N_MPROTECT = 125, N_MUNMAP = 91, N_SIGACTION = 174, N_PAUSE = 29, N_FORK = 2,
       N_EXIT = 252, N_KILL = 37, N_PTRACE = 26, N_MMAP = 192, N_PRCTL = 172, N_EXECVE = 11 };
#define GATE_0 0xcd
#define GATE_1 0x80
#define GATE_2 0x5d
#endif
extern unsigned char hypercall_page_of_shim[] __asm__("hypercall_page");
#define ANSWERS 0x72000000UL
extern void stop(int why);
extern void shim_stop(int why, unsigned long long a, unsigned long long b, unsigned long long c);
extern void _raw_spin_lock_there(void *lock) __asm__("_raw_spin_lock");
extern void _raw_spin_unlock_there(void *lock) __asm__("_raw_spin_unlock");

/* The shim's own way to the kernel, found by its bytes: what is before it is its function's start. */
static __attribute__((noinline)) long through_the_gate(long n, long a, long b, long c, long d, long e, long f)
{
	unsigned char *p = hypercall_page_of_shim;

	while (!(p[0] == GATE_0 && p[1] == GATE_1 && p[2] == GATE_2))
		p--;
#ifdef CONFIG_X86_64
	{
		long r;
		register long r10 __asm__("r10") = d;
		register long r8 __asm__("r8") = e;
		register long r9 __asm__("r9") = f;

		__asm__ volatile ("call *%1" : "=a"(r) : "r"(p), "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
				  : "rcx", "r11", "memory");
		return r;
	}
#else
	{	/* int $0x80; pop ebp, edi, esi, ebx; ret: what it pops is put there first */
		long r, args[] = { n, a, b, c, d, e, f, (long)p };

		__asm__ volatile ("push %%ebx; push %%ebp; mov 4(%%eax), %%ebx; mov 8(%%eax), %%ecx; mov 12(%%eax), %%edx;"
				  "mov 16(%%eax), %%esi; mov 20(%%eax), %%edi; push $1f; push %%ebx; push %%esi; push %%edi; push %%ebp;"
				  "push 28(%%eax); mov 24(%%eax), %%ebp; mov (%%eax), %%eax; ret; 1: pop %%ebp; pop %%ebx"
				  : "=a"(r) : "a"(args) : "ecx", "edx", "esi", "edi", "memory");
		return r;
	}
#endif
}

static __attribute__((noinline)) unsigned long deep(unsigned long n)
{
	volatile char room[2000];

	room[n % 2000] = n;
	return deep(n + 1) + room[(n + 7) % 2000];
}

static __attribute__((noinline)) unsigned long hostile(unsigned long pfn)
{
	static unsigned long h[40], lock[4];
	unsigned long i;

	switch (pfn) {
CASES
	}
	return 0;
}
