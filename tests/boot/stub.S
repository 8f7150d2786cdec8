/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel of the multiboot kind that writes to the serial port, and then does nothing for ever: its own text, which a
 * test puts where the marks are, or if that is left empty its first module, which makes it a Xen that can be told what
 * to say.
 */
	.section .header, "ax"
	.long 0x1badb002, 1, -(0x1badb002 + 1)
	.globl _start
_start:
	mov $text, %esi
	mov $text_end, %ecx
	cmpb $0, (%esi)
	jne 1f
	mov 24(%ebx), %eax	/* the modules: first and last address of each */
	mov (%eax), %esi
	mov 4(%eax), %ecx
1:	mov $0x3f8, %edx
2:	cmp %ecx, %esi
	jae 3f
	lodsb
	test %al, %al
	jz 3f
	out %al, %dx
	jmp 2b
3:	cli
	hlt
	jmp 3b

	.data
	.ascii "TEXT>"
text:	.space 65536
text_end:
