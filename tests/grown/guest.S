/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector that reads the sector behind it and says "READ" on the first serial line if it is the one that it expects; waits
 * for a character there, reads that sector again, says "AGAIN", and ends through port F4h.
 */
	.set	COM1, 0x3f8
	.set	LSR, COM1 + 5
	.set	LSR_DR, 1

	.code16
	.globl	_start
_start:
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	movw	$read, %si
	call	check
	movw	$LSR, %dx
1:	hlt
	inb	%dx, %al
	testb	$LSR_DR, %al
	jz	1b
	movw	$again, %si
	call	check
	xorb	%al, %al
	outb	%al, $0xf4
2:	hlt
	jmp	2b

/* Reads sector 2 of the first hard disk, and writes the text at SI if it begins with "DATA", otherwise "BAD". */
check:
	movw	$0x0201, %ax
	movw	$0x0002, %cx
	movw	$0x0080, %dx
	movw	$0x8000, %bx
	movl	$0, (%bx)
	int	$0x13
	cmpl	$0x41544144, 0x8000
	je	1f
	movw	$bad, %si
1:	movw	$COM1, %dx
2:	lodsb
	testb	%al, %al
	jz	3f
	outb	%al, %dx
	jmp	2b
3:	ret

read:	.asciz	"READ\n"
again:	.asciz	"AGAIN\n"
bad:	.asciz	"BAD\n"

	.org	510
	.word	0xaa55
	.ascii	"DATA"
	.org	1024
