// SPDX-License-Identifier: GPL-2.0-only
/* Memory that goes to Xen and comes back, and what the P2M looks like meanwhile. */

#include "guest.h"

#define TARGET "/sys/devices/system/xen_memory/xen_memory0/target_kb"
#define CURRENT "/sys/devices/system/xen_memory/xen_memory0/info/current_kb"

void layout(const char *when)
{
	ulong size = 0;
	char *text = slurp("/sys/kernel/debug/xen/p2m", &size), *stop;

	if (!text) {
		begin("layout", when);
		put("ended", "absent");
		end();
		return;
	}
	for (; *text; text = stop) {
		for (stop = text; *stop && *stop != '\n'; stop++)
			;
		if (*stop)
			*stop++ = 0;
		begin("layout", when);
		put("line", text);
		end();
	}
}

static long current_kb(void)
{
	const char *text = slurp(CURRENT, 0);

	return text ? number(text) : -1;
}

/* Until the domain has what it is to have, or nothing has changed for three seconds; two minutes at most. */
static long settled(long wanted)
{
	long last = current_kb(), now = last;
	int still = 0, ticks;

	for (ticks = 0; ticks < 1200 && still < 30 && now != wanted; ticks++) {
		pause_ms(100);
		now = current_kb();
		still = now == last ? still + 1 : 0;
		last = now;
	}
	return now;
}

static void go(const char *name, long wanted)
{
	char text[24];
	ulong left = wanted;
	int n = sizeof(text), error;

	text[--n] = 0;
	do
		text[--n] = '0' + left % 10;
	while (left /= 10);
	error = spit(TARGET, text + n);
	begin("balloon", name);
	put_number("wanted", wanted);
	put_number("error", -error);
	put_number("current", error ? current_kb() : settled(wanted));
	end();
}

void balloon(int steps)
{
	long start = current_kb();

	if (start < 0) {
		begin("balloon", "start");
		put("ended", "absent");
		end();
		return;
	}
	begin("balloon", "start");
	put_number("current", start);
	end();
	layout("before");
	go("down", start - 64 * 1024);
	layout("down");
	go("up", start);
	layout("up");
	if (steps < 2)
		return;
	go("beyond", start + 256 * 1024);	/* more than it was given at boot; each page costs time */
	go("back", start);
	layout("back");
}
