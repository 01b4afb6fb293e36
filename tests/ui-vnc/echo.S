/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector for test-vnc.py. What is typed appears on the screen; keys without a character as their scan code, "<48>"; what
 * the mouse does as "(status x y)" in hexadecimal. F1 changes to a white picture of another size, F2 back.
 */
	.code16
	.globl	_start
_start:	ljmp	$0, $1f
1:	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	call	text
	movw	$0xc205, %ax		/* the mouse: packets of three bytes */
	movb	$3, %bh
	int	$0x15
	movw	$0xc207, %ax
	movw	$moved, %bx
	int	$0x15
	movw	$0xc200, %ax
	movb	$1, %bh
	int	$0x15
	movb	$'>', %al
	call	show
loop:	xorb	%ah, %ah
	int	$0x16
	testb	%al, %al
	jz	special
	call	show
	jmp	loop
special:
	cmpb	$0x3b, %ah
	je	graphics
	cmpb	$0x3c, %ah
	je	back
	movb	$'<', %al
	call	show
	movb	%ah, %al
	call	hex
	movb	$'>', %al
	call	show
	jmp	loop
back:	call	text
	jmp	loop
graphics:
	movw	$0x0013, %ax
	int	$0x10
	pushw	%es
	movw	$0xa000, %ax
	movw	%ax, %es
	xorw	%di, %di
	movw	$32000, %cx
	movw	$0x0f0f, %ax
	rep stosw
	popw	%es
	jmp	loop

text:	movw	$0x0003, %ax		/* 80x25, without a cursor */
	int	$0x10
	movb	$1, %ah
	movw	$0x2000, %cx
	int	$0x10
	ret

moved:	pushw	%bp			/* far, with status, x, y and 0 above the return address */
	movw	%sp, %bp
	pushaw
	movb	$'(', %al
	call	show
	movb	12(%bp), %al
	call	hex
	movb	$' ', %al
	call	show
	movb	10(%bp), %al
	call	hex
	movb	$' ', %al
	call	show
	movb	8(%bp), %al
	call	hex
	movb	$')', %al
	call	show
	popaw
	popw	%bp
	lret

hex:	pushw	%ax
	shrb	$4, %al
	call	digit
	popw	%ax
digit:	andb	$15, %al
	addb	$'0', %al
	cmpb	$'9', %al
	jbe	show
	addb	$'a' - '9' - 1, %al
show:	pushaw
	movb	$0x0e, %ah
	movw	$0x0007, %bx
	int	$0x10
	popaw
	ret

	.org	510
	.word	0xaa55
