/* SPDX-License-Identifier: GPL-2.0-only */
/* Linked last: the shim's own data ends with a page, and the tree's are others. */
	.globl	shim_data_end, shim_bss_end
	.hidden	shim_data_end, shim_bss_end
	.data
	.balign	4096
shim_data_end:
	.skip	4096
	.bss
	.balign	4096
shim_bss_end:
	.skip	4096
	.section .note.GNU-stack, "", @progbits
