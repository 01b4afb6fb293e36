/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector for run-names: what is typed appears on the screen and goes out on COM1, what comes
 * in there appears on the screen; after "!" a sector is read from the disk, after "#" this one is
 * written to the second.
 */
	.code16
	.globl	_start
_start:	ljmp	$0, $1f
1:	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	movb	%dl, disk
	movw	$0x0003, %ax		/* 80x25 */
	int	$0x10
	movw	$0x00e3, %ax		/* 9600 8n1 */
	xorw	%dx, %dx
	int	$0x14
	movb	$'>', %al
	call	show
loop:	movb	$1, %ah			/* a key? */
	int	$0x16
	jz	serial
	xorb	%ah, %ah
	int	$0x16
	testb	%al, %al
	jz	serial
	call	show
	pushw	%ax
	movb	$1, %ah			/* send */
	xorw	%dx, %dx
	int	$0x14
	popw	%ax
	cmpb	$'#', %al
	jne	1f
	movw	$0x0301, %ax		/* write one sector */
	movw	$0x0002, %cx
	xorb	%dh, %dh
	movb	disk, %dl
	movw	$0x7c00, %bx
	int	$0x13
	jmp	serial
1:	cmpb	$'!', %al
	jne	serial
	movw	$0x0201, %ax		/* read one sector */
	movw	$0x0001, %cx
	xorb	%dh, %dh
	movb	disk, %dl
	movw	$0x8000, %bx
	int	$0x13
serial:	movb	$3, %ah			/* the line's status */
	xorw	%dx, %dx
	int	$0x14
	testb	$1, %ah
	jz	idle
	movb	$2, %ah			/* receive */
	xorw	%dx, %dx
	int	$0x14
	call	show
idle:	hlt				/* until the clock ticks, or a key */
	jmp	loop

show:	pushw	%ax
	pushw	%bx
	movb	$0x0e, %ah
	movw	$0x0007, %bx
	int	$0x10
	popw	%bx
	popw	%ax
	ret

disk:	.byte	0
	.org	510
	.word	0xaa55
