/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the launcher and the program share: where memory is, and what is in it.
 * The launcher is a program of its own; it never holds a line of the tree's.
 */
#ifndef PROVE_LAYOUT_H
#define PROVE_LAYOUT_H

typedef unsigned long long word;
typedef unsigned long ulong;
typedef unsigned char byte;

#define PAGE 4096UL
#define BACKTRACE 8
#define MOST_IN (1UL << 18)	/* words of a scenario */
#define MOST_OUT (1UL << 20)	/* words of its answers */

/*
 * Below 2 GiB, so that the smallest of code models can reach all of it. The tree's program comes first, then
 * addresses where nothing is, one for each symbol that nothing supplies; then what follows.
 */
#define PROGRAM_LOWEST 0x10000UL
#define PROGRAM_END 0x38000000UL
#define LAUNCHER_AT 0x70000000UL
#define ANSWERS_AT 0x72000000UL
#define INPUT_AT 0x74000000UL
#define STACK_AT 0x76000000UL
#define STACK_SIZE 0x100000UL
#define SIGNAL_STACK_AT 0x78000000UL
#define SIGNAL_STACK_SIZE 0x10000UL

/* The words of a header, in their order. */
enum {
	H_WHY, H_A, H_B, H_C, H_AT, H_WARNINGS, H_WARNED_AT, H_LINES, H_TRACE, H_SEAL = H_TRACE + BACKTRACE,
	HEADER
};

/*
 * What a scenario says. While the tree's code runs nobody can touch this; the nonce is the scenario's own, and an
 * answer counts only with the seal that is made of it.
 */
struct answers {
	word nonce, seconds, given;	/* the request: of the processor's time; words of input */
	word header[HEADER];
	word count;
	word out[MOST_OUT];
};
#define ANSWERS ((struct answers *)ANSWERS_AT)
#define ANSWERS_SIZE ((sizeof(struct answers) + PAGE - 1) & ~(PAGE - 1))
#define INPUT ((word *)INPUT_AT)
#define INPUT_SIZE (MOST_IN * sizeof(word))

/* Right before the program's entry: the addresses behind its two instructions that call the kernel. */
struct gates {
	word magic, call, back;
};
#define GATES_MAGIC 0x736574616765766fULL

#endif
