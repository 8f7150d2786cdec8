/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a scenario starts, its way to the kernel below, and Xen's page of calls. */
	.hidden	system_call, signal_return, step_call, step_back, drive
	.globl	prove_entry, system_call, signal_return, step_call, step_back
	.globl	shim_data, shim_bss		/* and end.S: whole pages, so that the tree's data are others */
	.hidden	shim_data, shim_bss
	.data
	.balign	4096
shim_data:
	.bss
	.balign	4096
shim_bss:
#ifdef __x86_64__
	.text
	.balign	8
	.quad	0x736574616765766f, call_gate, return_gate	/* struct gates */
prove_entry:
	call	drive
	ud2

system_call:				/* nr, a1 … a6 */
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	syscall
call_gate:
	ret

signal_return:
	mov	$15, %eax
	syscall
return_gate:
	ud2

step_call:				/* step_call(call, a, b): with the trap flag set */
	pushfq
	orq	$0x100, (%rsp)
	popfq
	call	do_call
	pushfq
	andq	$~0x100, (%rsp)
	popfq
	ret

step_back:				/* the shim returns here, where it was not stepped through */
	int3

	.balign	4096
	.globl hypercall_page
hypercall_page:
	.set	i, 0
	.rept	128
	.balign	32
	mov	$i, %eax
	jmp	1f
	.set	i, i + 1
	.endr
	.balign	32
1:	push	%rdi; push %rsi; push %rdx; push %rcx; push %r8; push %r9; push %r10; push %r11
	push	%rbp
	mov	%rsp, %rbp
	and	$-16, %rsp
	mov	%r8, %r9
	mov	%r10, %r8
	mov	%rdx, %rcx
	mov	%rsi, %rdx
	mov	%rdi, %rsi
	mov	%rax, %rdi
	call	hypercall
	mov	%rbp, %rsp
	pop	%rbp
	pop	%r11; pop %r10; pop %r9; pop %r8; pop %rcx; pop %rdx; pop %rsi; pop %rdi
	ret
#else
	.text
	.balign	8
	.quad	0x736574616765766f			/* struct gates */
	.long	call_gate, 0, return_gate, 0
prove_entry:
	mov	%ds, %ax
	mov	%ax, %fs		/* per-cpu data is what its symbol says */
	mov	%ax, %gs
	call	drive
	ud2

system_call:				/* on the stack: nr, a1 … a6 */
	push	%ebx; push %esi; push %edi; push %ebp
	mov	20(%esp), %eax
	mov	24(%esp), %ebx
	mov	28(%esp), %ecx
	mov	32(%esp), %edx
	mov	36(%esp), %esi
	mov	40(%esp), %edi
	mov	44(%esp), %ebp
	int	$0x80
call_gate:
	pop	%ebp; pop %edi; pop %esi; pop %ebx
	ret

signal_return:
	mov	$173, %eax
	int	$0x80
return_gate:
	ud2

step_call:				/* call in eax; a, b on the stack, 8 bytes each */
	pushfl
	orl	$0x100, (%esp)
	popfl
	jmp	do_call			/* comes back to our caller, who ends the stepping */

	.globl step_end
	.hidden step_end
step_end:
	pushfl
	andl	$~0x100, (%esp)
	popfl
	ret

step_back:				/* the shim returns here, where it was not stepped through */
	int3

	.balign	4096
	.globl hypercall_page
hypercall_page:
	.set	i, 0
	.rept	128
	.balign	32
	mov	$i, %eax
	jmp	1f
	.set	i, i + 1
	.endr
	.balign	32
1:	push	%ecx; push %edx; push %ebp
	push	%edi; push %esi; push %edx; push %ecx; push %ebx; push %eax
	mov	%esp, %eax
	call	hypercall_frame
	mov	%eax, (%esp)
	pop	%eax
	pop	%ebx; pop %ecx; pop %edx; pop %esi; pop %edi
	pop	%ebp; pop %edx; pop %ecx
	ret
#endif
	.section .note.GNU-stack, "", @progbits
