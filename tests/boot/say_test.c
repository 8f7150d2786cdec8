// SPDX-License-Identifier: GPL-2.0-only
/* Has say.c of the guest say things here, on the machine of the test. */

#include "guest.h"

void test_main(void)
{
	static const byte data[] = { 0, 0x1f, 0xff };

	begin("mmap", "acpi.RSDT");
	put_hex("at", 0x7ffe1234);
	put_hex("nothing", 0);
	put_hex("wide", 0xfedcba9876543210ULL);
	put_number("error", -14);
	put_number("kb", 1048576);
	put_bytes("data", data, sizeof(data));
	put("line", "a \"quoted\" \\ and \x1b[31m");
	end();
	begin("boot", "end");
	end();
	all_again();
	CALL3(NR_EXIT, 0, 0, 0);
}

#ifdef __x86_64__
asm(".globl _start\n_start:\n\tand $-16, %rsp\n\tcall test_main\n");
#else
asm(".globl _start\n_start:\n\tand $-16, %esp\n\tcall test_main\n");
#endif
