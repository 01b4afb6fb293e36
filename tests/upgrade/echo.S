/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector that sends back each character that it receives on the first serial line, by
 * interrupts alone: one that is lost stops it, one that comes twice is seen.
 */
	.set	COM1, 0x3f8
	.set	IER, COM1 + 1
	.set	FCR, COM1 + 2
	.set	LCR, COM1 + 3
	.set	MCR, COM1 + 4
	.set	LSR, COM1 + 5
	.set	LSR_DR, 1
	.set	LSR_THRE, 0x20

	.code16
	.globl	_start
_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	movw	$received, 4 * 12	/* IRQ 4 */
	movw	%ax, 4 * 12 + 2
	movw	$LCR, %dx
	movb	$0x80, %al
	outb	%al, %dx
	movw	$COM1, %dx
	movw	$1, %ax			/* 115,200 bits a second */
	outw	%ax, %dx
	movw	$LCR, %dx
	movb	$0x03, %al		/* 8 bits */
	outb	%al, %dx
	movw	$FCR, %dx
	movb	$0x47, %al		/* FIFOs, interrupt at 4 characters or after a pause */
	outb	%al, %dx
	movw	$MCR, %dx
	movb	$0x0b, %al		/* DTR, RTS, OUT2 */
	outb	%al, %dx
	movw	$IER, %dx
	movb	$0x01, %al
	outb	%al, %dx
	inb	$0x21, %al
	andb	$0xef, %al
	outb	%al, $0x21
	movb	$'>', %al
	call	send
	sti
1:	hlt
	jmp	1b

received:
	pusha
1:	movw	$LSR, %dx
	inb	%dx, %al
	testb	$LSR_DR, %al
	jz	2f
	movw	$COM1, %dx
	inb	%dx, %al
	call	send
	jmp	1b
2:	movb	$0x20, %al
	outb	%al, $0x20
	popa
	iret

/* Sends AL. */
send:
	movb	%al, %ah
	movw	$LSR, %dx
1:	inb	%dx, %al
	testb	$LSR_THRE, %al
	jz	1b
	movb	%ah, %al
	movw	$COM1, %dx
	outb	%al, %dx
	ret

	.org	510
	.word	0xaa55
	.org	1024
