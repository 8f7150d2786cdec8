/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the launcher starts, its way to the kernel, and the way into the program. */
#ifdef __x86_64__
	.text
	.globl _start
_start:	xor	%ebp, %ebp
	and	$-16, %rsp
	call	launch
	ud2

	.globl system_call
system_call:				/* nr, a1 … a6 */
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
	ret

	.globl enter			/* enter(entry, stack): does not come back */
enter:	mov	%rsi, %rsp
	mov	%rdi, %rax
	xor	%ebp, %ebp
	jmp	*%rax
#else
	.text
	.globl _start
_start:	xor	%ebp, %ebp
	and	$-16, %esp
	call	launch
	ud2

	.globl system_call		/* on the stack: nr, a1 … a6 */
system_call:
	push	%ebx; push %esi; push %edi; push %ebp
	mov	20(%esp), %eax
	mov	24(%esp), %ebx
	mov	28(%esp), %ecx
	mov	32(%esp), %edx
	mov	36(%esp), %esi
	mov	40(%esp), %edi
	mov	44(%esp), %ebp
	int	$0x80
	pop	%ebp; pop %edi; pop %esi; pop %ebx
	ret

	.globl enter			/* enter(entry, stack), on the stack: does not come back */
enter:	mov	4(%esp), %eax
	mov	8(%esp), %esp
	xor	%ebp, %ebp
	jmp	*%eax
#endif
	.section .note.GNU-stack, "", @progbits
