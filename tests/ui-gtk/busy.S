/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A boot sector for run-performance: it never waits. It counts, and reads the timer's counter in between. */
	.code16
	.globl	_start
_start:	ljmp	$0, $loop
loop:	movw	$2000, %cx
1:	addw	%cx, %ax
	decw	%cx
	jnz	1b
	inb	$0x40, %al
	jmp	loop

	.org	510
	.word	0xaa55
