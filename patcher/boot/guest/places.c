// SPDX-License-Identifier: GPL-2.0-only
/* What a process gets that reads or maps /dev/mem, at places that /proc/iomem and the firmware's tables tell of. */

#include "guest.h"

enum { MOST = 24, LOCAL_APIC = 0xfee00000 };	/* which Xen gives to no domain */

static struct place found[MOST];
static int count;

static void add(const char *what, const char *which, wide at)
{
	ulong n = 0;
	int i;

	at &= ~(wide)(PAGE - 1);
	for (i = 0; i < count; i++)
		if (found[i].at == at)
			return;
	if (count == MOST)
		return;
	for (; *what && n < sizeof(found->name) - 1; what++)
		found[count].name[n++] = *what;
	for (; *which && *which != '\n' && *which != '-' && n < sizeof(found->name) - 1; which++)
		found[count].name[n++] = *which;
	found[count].name[n] = 0;
	found[count++].at = at;
}

/* "NAME ADDRESS" of the plan: what another boot of this machine has found. */
void given(const char *text)
{
	char name[sizeof(found->name)];
	ulong n = 0;

	while (*text && *text != ' ' && *text != '\n' && n < sizeof(name) - 1)
		name[n++] = *text++;
	name[n] = 0;
	if (*text++ == ' ')
		add(name, "", hex(&text));
}

/* A device of PCI, as in 0000:00:02.0 */
static int is_device(const char *name)
{
	return length(name) >= 12 && name[4] == ':' && name[7] == ':' && name[10] == '.';
}

static void from_iomem(void)
{
	const char *text = slurp("/proc/iomem", 0);
	int reserved = 0;

	for (; text && *text; text++) {
		int inner = *text == ' ';
		const char *start;
		wide first, last;

		while (*text == ' ')
			text++;
		start = text;
		first = hex(&text);
		text++;
		last = hex(&text);
		if (begins(text, " : "))
			text += 3;
		if (is_device(text))
			add("bar.", text, first);
		else if (!inner && (begins(text, "reserved") || begins(text, "Reserved")) && first >= 0x100000 && first != LOCAL_APIC) {
			if (reserved++ < 6)
				add("reserved.", start, first);
		} else if (!inner && begins(text, "ACPI ") && first < last)
			add(begins(text, "ACPI T") ? "acpi-data" : "acpi-nvs", "", first);
		while (*text && *text != '\n')
			text++;
		if (!*text)
			break;
	}
}

static void copy(const volatile word *from, void *to, int words)
{
	word *out = to;

	while (words--)
		*out++ = *from++;	/* a device may not answer but to 32 bits */
}

/* A device is mapped uncached. Of a table the kernel has a cached mapping, and allows no other beside it. */
static int opened(const struct place *place, int how)
{
	return CALL3(NR_OPEN, "/dev/mem", begins(place->name, "bar.") ? how | O_SYNC : how, 0);
}

static void map_it(const void *with)
{
	const struct place *place = with;
	int file = opened(place, O_RDWR);
	long at;

	seen->error = file;
	if (failed(file))
		return;
	seen->stage = MAPPING;
	seen->error = at = mapped(place->at, PAGE, P_READ, file);
	if (failed(at))
		return;
	seen->error = 0;
	seen->stage = LOOKING;
	copy((const volatile word *)at, seen->data, sizeof(seen->data) / 4);
	seen->stage = DONE;
}

static void read_it(const void *with)
{
	const struct place *place = with;
	int file = CALL3(NR_OPEN, "/dev/mem", O_RDONLY, 0);
	long n;

	seen->error = file;
	if (failed(file))
		return;
	seen->stage = LOOKING;
#ifdef __x86_64__
	n = CALL(NR_PREAD, file, seen->data, sizeof(seen->data), place->at, 0, 0);
#else
	n = CALL(NR_PREAD, file, seen->data, sizeof(seen->data), place->at, place->at >> 32, 0);
#endif
	seen->error = failed(n) ? n : 0;
	if (n == sizeof(seen->data))
		seen->stage = DONE;
}

/* A mapped device stays what it is when its process forks, and when its protection changes. */
static void share_it(const void *with)
{
	const struct place *place = with;
	word first[16], again[16];
	int file = opened(place, O_RDWR);
	int status = 0, i;
	long at, child;

	seen->error = file;
	if (failed(file))
		return;
	seen->stage = MAPPING;
	seen->error = at = mapped(place->at, PAGE, P_READ | P_WRITE, file);
	if (failed(at))
		return;
	seen->error = 0;
	seen->stage = LOOKING;
	copy((const volatile word *)at, first, 16);
	memcpy(seen->data, first, sizeof(first));
	child = CALL3(NR_FORK, 0, 0, 0);
	seen->error = child;
	if (failed(child))
		return;
	if (!child) {
		copy((const volatile word *)at, again, 16);
		for (i = 0; i < 16; i++)
			if (first[i] != again[i])
				CALL3(NR_EXIT, 2, 0, 0);
		CALL3(NR_EXIT, 1, 0, 0);
	}
	seen->error = 0;
	CALL(NR_WAIT4, child, &status, 0, 0, 0, 0);
	seen->extra = status;
	seen->error = CALL3(NR_MPROTECT, at, PAGE, 0);
	if (!seen->error)
		seen->error = CALL3(NR_MPROTECT, at, PAGE, P_READ);
	if (seen->error)
		return;
	copy((const volatile word *)at, again, 16);
	for (i = 0; i < 16; i++)
		if (first[i] != again[i])
			seen->extra |= 1 << 16;
	seen->stage = DONE;
}

static void tell(const char *probe, const struct place *place, const char *how)
{
	static const char * const stages[] = { "open", "mmap", "read", "done" };

	begin(probe, place->name);
	put_hex("at", place->at);
	put("ended", how);
	put("stage", stages[seen->stage & 3]);
	put_number("error", -seen->error);
	if (seen->stage == DONE)
		put_bytes("data", seen->data, sizeof(seen->data));
}

static void look(const struct place *place)
{
	const char *how = apart(map_it, place, 10);

	tell("mmap", place, how);
	end();
	how = apart(read_it, place, 10);
	tell("read", place, how);
	end();
}

/* The table of tables: where it is says the ROM, and what is in it only the page itself. */
static void from_acpi(void)
{
	static struct place rom = { "rom", 0 }, root = { "acpi.RSDT", 0 };
	wide at;
	int i;

	for (at = 0xe0000; at < 0x100000; at += PAGE) {
		int file = CALL3(NR_OPEN, "/dev/mem", O_RDONLY, 0);
		long map = failed(file) ? file : mapped(at, PAGE, P_READ, file);

		CALL3(NR_CLOSE, file, 0, 0);
		if (failed(map))
			continue;
		for (i = 0; i < (int)PAGE; i += 16)
			if (begins((char *)map + i, "RSD PTR ") && !root.at) {
				root.at = *(word *)(map + i + 16);
				rom.at = at;
			}
		CALL3(NR_MUNMAP, map, PAGE, 0);
	}
	add("rom", "", rom.at ? rom.at : 0xf0000);
	if (root.at)
		add(root.name, "", root.at);
}

void places(void)
{
	int i;

	if (!count)
		from_acpi();
	from_iomem();
	for (i = 0; i < count; i++)
		look(&found[i]);
	for (i = 0; i < count; i++)
		if (begins(found[i].name, "bar.") || begins(found[i].name, "acpi.")) {
			const char *how = apart(share_it, &found[i], 10);

			tell("fork", &found[i], how);
			put_number("extra", seen->extra);
			end();
		}
	begin("places", "count");
	put_number("count", count);
	end();
}
