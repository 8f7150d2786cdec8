// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames of another domain, mapped as the toolstack does it. With no other domain there, these are Xen's own table
 * from frames to PFNs, which it lets dom0 read.  Their protection is not changed: the kernel asks Xen for that in its
 * own name, which Xen refuses of frames of others.
 */

#include "guest.h"

enum { DOMID_SELF = 0x7ff0, DOMID_XEN = 0x7ff2, MEMORY_OP = 12, MFN_LIST = 5 };

struct hypercall {
	wide op, arg[5];
};

struct mapping {
	wide va, mfn, pages;
};

struct request {
	int number;
	unsigned short domain;
	struct mapping *entry;
};


static int privcmd(void)
{
	int file = CALL3(NR_OPEN, "/dev/more/xen/privcmd", O_RDWR, 0);

	return failed(file) ? CALL3(NR_OPEN, "/proc/xen/privcmd", O_RDWR, 0) : file;
}

static void map_frames(const void *unused)
{
	struct { unsigned int most; ulong *start; unsigned int number; } list;
	struct hypercall ask;
	struct mapping one;
	struct request request = { 1, DOMID_XEN, &one };
	ulong mfn = 0;
	int file = privcmd();
	long at;

	(void)unused;
	seen->error = file;
	if (failed(file))
		return;
	memset(&ask, 0, sizeof(ask));
	list.most = 1;
	list.start = &mfn;
	list.number = 0;
	ask.op = MEMORY_OP;
	ask.arg[0] = MFN_LIST;
	ask.arg[1] = (ulong)&list;
	seen->error = CALL3(NR_IOCTL, file, (ulong)sizeof(ask) << 16 | 'P' << 8 | 0, &ask);
	if (seen->error)
		return;
	seen->stage = MAPPING;
	seen->error = at = mapped(0, 2 * PAGE, P_READ, file);
	if (failed(at))
		return;
	one.va = at;
	one.mfn = mfn;
	one.pages = 2;
	seen->extra = mfn;
	seen->error = CALL3(NR_IOCTL, file, (ulong)sizeof(request) << 16 | 'P' << 8 | 2, &request);
	if (seen->error)
		return;
	seen->stage = LOOKING;
	memcpy(seen->data, (void *)at, sizeof(seen->data));
	seen->error = CALL3(NR_MUNMAP, at, 2 * PAGE, 0);
	if (!seen->error)
		seen->stage = DONE;
}

void foreign(void)
{
	static const char * const stages[] = { "privcmd", "mmap", "read", "done" };
	const char *how;
	int file = privcmd();

	begin("foreign", "m2p");
	if (failed(file)) {
		put("ended", "absent");
		end();
		return;
	}
	CALL3(NR_CLOSE, file, 0, 0);
	how = apart(map_frames, 0, 10);
	put("ended", how);
	put("stage", stages[seen->stage & 3]);
	put_number("error", -seen->error);
	if (seen->stage == DONE)
		put_bytes("data", seen->data, sizeof(seen->data));
	end();
}
