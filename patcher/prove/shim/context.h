/* SPDX-License-Identifier: GPL-2.0-only */
/* What a signal tells (siginfo), and the registers it came at (struct ucontext, <asm/sigcontext.h>). */
#ifndef PROVE_CONTEXT_H
#define PROVE_CONTEXT_H

#include "kernel.h"

#ifdef __x86_64__
enum { REG_DI = 8, REG_SI, REG_BP, REG_AX = 13, REG_CX, REG_SP, REG_IP, REG_FLAGS, REG_ERROR = 19 };
#define REGISTERS 40	/* where they begin, in bytes */
#define FAULT(info) (*(ulong *)((byte *)(info) + 16))
#define NUMBER(info) (*(int *)((byte *)(info) + 24))
#else
enum { REG_DI = 4, REG_SI, REG_BP, REG_SP, REG_CX = 10, REG_AX, REG_ERROR = 13, REG_IP, REG_FLAGS = 16 };
#define REGISTERS 20
#define FAULT(info) (*(ulong *)((byte *)(info) + 12))
#define NUMBER(info) (*(int *)((byte *)(info) + 16))
#endif

#define CODE(info) (((int *)(info))[2])
#define FROM_INT3 0x80

#define REG(context, name) (((ulong *)((byte *)(context) + REGISTERS))[REG_##name])
#define WRITES(context) (!!(REG(context, ERROR) & 2))	/* of a page fault */

enum { TRAP_FLAG = 0x100, DIRECTION_FLAG = 0x400 };

#endif
