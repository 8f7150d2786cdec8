// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first program of the guest. It looks at what /plan names, says what it saw on the console, and ends the machine.
 * Whatever it looks at may end it or never come back: so each look is a process of its own, with a bound of time.
 */

#include "guest.h"

struct seen *seen;

static void mounted(const char *what, const char *where)
{
	CALL(NR_MOUNT, what, where, what, 0, 0, 0);
}

/* How a child ended: "done", "exit", "killed" or, after that many seconds, "hung". Its status is in *extra. */
static const char *waited(long child, int seconds, long *extra)
{
	int status = 0, ticks;

	for (ticks = 0; ticks < seconds * 100; ticks++) {
		if (CALL(NR_WAIT4, child, &status, WNOHANG, 0, 0, 0) == child) {
			*extra = status & 0x7f ? status & 0x7f : status >> 8;
			return status & 0x7f ? "killed" : status ? "exit" : "done";
		}
		pause_ms(10);
	}
	CALL3(NR_KILL, child, SIG_KILL, 0);
	return "hung";
}

const char *apart(void (*what)(const void *), const void *with, int seconds)
{
	long child, status = 0;

	memset(seen, 0, sizeof(*seen));
	child = CALL3(NR_FORK, 0, 0, 0);
	if (failed(child))
		return "no process";
	if (!child) {
		what(with);
		CALL3(NR_EXIT, 0, 0, 0);
	}
	return waited(child, seconds, &status);
}

/* A number of /proc/meminfo, in kB */
static void memory_line(const char *name)
{
	const char *text = slurp("/proc/meminfo", 0);

	for (; text && *text; text++) {
		if (begins(text, name)) {
			for (text += length(name); *text == ' '; text++)
				;
			begin("memory", name);
			put_number("kb", number(text));
			end();
			return;
		}
		while (*text && *text != '\n')
			text++;
		if (!*text)
			return;
	}
}

static void e820(void)
{
	char *text = slurp("/proc/iomem", 0), *stop;

	for (; text && *text; text = stop) {
		for (stop = text; *stop && *stop != '\n'; stop++)
			;
		if (*stop)
			*stop++ = 0;
		if (*text != ' ') {
			begin("e820", "iomem");
			put("line", text);
			end();
		}
	}
}

/* The user's own: each line it writes, then how it ended. */
static void script(int seconds)
{
	static const char * const arguments[] = { "/probe", 0 };
	static const char * const variables[] = { "PATH=/bin", "HOME=/", "TERM=dumb", 0 };
	static char text[512];
	long child, status = 0, n;
	const char *how;
	int ends[2], at = 0;
	char c;

	CALL3(NR_PIPE, ends, 0, 0);
	child = CALL3(NR_FORK, 0, 0, 0);
	if (!child) {
		CALL3(NR_DUP2, ends[1], 1, 0);
		CALL3(NR_DUP2, ends[1], 2, 0);
		CALL3(NR_CLOSE, ends[0], 0, 0);
		CALL3(NR_CLOSE, ends[1], 0, 0);
		CALL3(NR_EXIT, CALL3(NR_EXECVE, arguments[0], arguments, variables) == -8 ? 126 : 127, 0, 0);
	}
	CALL3(NR_CLOSE, ends[1], 0, 0);
	for (;;) {
		n = CALL3(NR_READ, ends[0], &c, 1);
		if (n == 1 && c != '\n' && at < (int)sizeof(text) - 1) {
			text[at++] = c;
			continue;
		}
		if (at || n == 1) {
			text[at] = 0;
			begin("script", "line");
			put("line", text);
			end();
			at = 0;
		}
		if (n != 1)
			break;
		if (c != '\n')
			text[at++] = c;
	}
	how = waited(child, seconds, &status);
	begin("script", "end");
	put("ended", how);
	put_number("status", status);
	end();
}

static void all(void)
{
	static char plan[2048];
	const char *text = slurp("/plan", 0);
	ulong n;

	for (n = 0; text && text[n] && n < sizeof(plan) - 1; n++)
		plan[n] = text[n];
	for (text = plan; *text; text++) {
		if (begins(text, "e820\n"))
			e820();
		else if (begins(text, "memory\n")) {
			memory_line("MemTotal:");
			memory_line("MemFree:");
		} else if (begins(text, "layout\n"))
			layout("start");
		else if (begins(text, "place "))
			given(text + 6);
		else if (begins(text, "places\n"))
			places();
		else if (begins(text, "balloon\n"))
			balloon(2);
		else if (begins(text, "foreign\n"))
			foreign();
		else if (begins(text, "script "))
			script(number(text + 7));
		while (*text && *text != '\n')
			text++;
		if (!*text)
			break;
	}
}

void guest(void)
{
	mounted("proc", "/proc");
	mounted("sysfs", "/sys");
	mounted("debugfs", "/sys/kernel/debug");
	mounted("devtmpfs", "/dev/more");
	mounted("xenfs", "/proc/xen");
	seen = (struct seen *)CALL(NR_MMAP, 0, PAGE, P_READ | P_WRITE, M_SHARED | M_ANON, -1, 0);
	begin("boot", "init");
	end();
	all();
	begin("boot", "end");
	end();
	all_again();
	pause_ms(200);
	CALL3(NR_SYNC, 0, 0, 0);
	CALL(NR_REBOOT, 0xfee1dead, 672274793, 0x4321fedc, 0, 0, 0);
	for (;;)
		pause_ms(1000);
}

#ifdef __x86_64__
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall guest\n");
#else
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %esp\n\tcall guest\n");
#endif
