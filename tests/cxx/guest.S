/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A boot sector that writes 12345678h to port 310h, expects 1234444Ch there (key 1234h), and ends through port F4h with 0 if it is. */
	.set	REGS, 0x310

	.code16
	.globl	_start
_start:
	movw	$REGS, %dx
	movl	$0x12345678, %eax
	outl	%eax, %dx
	inl	%dx, %eax
	cmpl	$0x1234444c, %eax
	setne	%al
	outb	%al, $0xf4
1:	hlt
	jmp	1b

	.org	510
	.word	0xaa55
