/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector that writes to the disk of a mover (mover.c), reads what it has written, and
 * compares. After '>' on the first serial line it takes two characters: 'd' to have the mover's
 * process killed in each command, at each point in turn, or another one, and the number of rounds.
 * It sends a '.' for each round whose data were right, 'n' if they were not, 'f' if a command
 * failed; at the end 'e', and how often the process was killed. test-disks.py says what is on the disk
 * then, and which points are reached.
 *
 * In a round of four, another write to the same place is begun before, and aborted.
 */
	.set	COM1, 0x3f8
	.set	LCR, COM1 + 3
	.set	LSR, COM1 + 5
	.set	LSR_DR, 1
	.set	LSR_THRE, 0x20
	.set	MOVER, 0x318		/* LBA, COUNT, PARAGRAPH of 16 bits, COMMAND of 8 */
	.set	COMMAND, MOVER + 6	/* status, when it is read */
	.set	READ, 1
	.set	WRITE, 2
	.set	FLUSH, 3
	.set	ABORT, 4
	.set	BUSY, 1
	.set	BAD, 2
	.set	DEATH, 0x6ff0
	.set	DEATHS, 0x6ff1
	.set	MODE, 0x6000
	.set	ROUNDS, 0x6002
	.set	LBA, 0x6004
	.set	COUNT, 0x6006
	.set	WRITTEN, 0x2000		/* paragraphs: buffers of 128 KiB */
	.set	HEARD, 0x4000
	.set	SECTOR_WORDS, 256
	.set	SECTOR_PARAGRAPHS, 0x20
	.set	PLACES, 768		/* a write begins at a sector below that */

	.code16
	.globl	_start
_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0x7c00, %sp
	movw	%ax, DEATH		/* and DEATHS */
	movw	%ax, ROUNDS
	movw	$LCR, %dx
	movb	$0x80, %al
	outb	%al, %dx
	movw	$COM1, %dx
	movw	$1, %ax			/* 115,200 bits a second */
	outw	%ax, %dx
	movw	$LCR, %dx
	movb	$0x03, %al		/* 8 bits */
	outb	%al, %dx
	incw	%dx
	outb	%al, %dx		/* MCR: DTR, RTS */
	movb	$'>', %al
	call	send
	call	hear
	movb	%al, MODE
	call	hear
	movb	%al, ROUNDS
	xorw	%bp, %bp		/* the round */

round:	imulw	$61, %bp, %ax
	xorw	%dx, %dx
	movw	$PLACES, %cx
	divw	%cx
	movw	%dx, LBA
	imulw	$37, %bp, %ax
	movb	$0, %ah
	incw	%ax
	movw	%ax, COUNT		/* 1 to 256 */

	testw	$3, %bp
	jnz	1f
	imulw	$0x3d4b, %bp, %ax
	notw	%ax
	call	fill
	movb	$WRITE, %al
	call	start
	movw	%bp, %ax
	shrw	$2, %ax
	andb	$1, %al
	addb	$6, %al
	call	die
	movb	$ABORT, %al
	outb	%al, %dx
	call	wait

1:	imulw	$0x3d4b, %bp, %ax
	call	fill
	movw	%bp, %ax
	call	die_in_turn
	movb	$WRITE, %al
	call	start
	call	wait
	movw	%bp, %ax
	incw	%ax
	testb	$7, %al
	jnz	1f
	movb	$FLUSH, %al
	call	start
	call	wait
1:	movw	%bp, %ax
	incw	%ax
	incw	%ax
	call	die_in_turn
	movb	$READ, %al
	movw	$HEARD, %bx
	call	start_at
	call	wait

	movw	COUNT, %dx
	movw	$WRITTEN, %ax
	movw	$HEARD, %bx
1:	movw	%ax, %ds
	movw	%bx, %es
	xorw	%si, %si
	xorw	%di, %di
	movw	$SECTOR_WORDS, %cx
	repe cmpsw
	jne	2f
	addw	$SECTOR_PARAGRAPHS, %ax
	addw	$SECTOR_PARAGRAPHS, %bx
	decw	%dx
	jnz	1b
2:	movw	$0, %ax			/* keeps the flags */
	movw	%ax, %ds
	movb	$'.', %al
	je	3f
	movb	$'n', %al
3:	call	send
	incw	%bp
	cmpw	ROUNDS, %bp
	jne	round
	movb	$'e', %al
	call	send
	movb	DEATHS, %al
last:	call	send
	hlt
	jmp	.-1

/* Fills COUNT sectors with words, each 0x9e37 above the one before, the first AX. */
fill:	movw	$WRITTEN, %bx
	movw	COUNT, %dx
1:	movw	%bx, %es
	xorw	%di, %di
	movw	$SECTOR_WORDS, %cx
2:	stosw
	addw	$0x9e37, %ax
	loop	2b
	addw	$SECTOR_PARAGRAPHS, %bx
	decw	%dx
	jnz	1b
	ret

/* The mover dies at point AX modulo 5, plus 1. */
die_in_turn:
	movb	$5, %cl
	divb	%cl
	movb	%ah, %al
	incb	%al
/* At point AL, in mode 'd'. */
die:	cmpb	$'d', MODE
	je	1f
	movb	$0, %al
1:	movb	%al, DEATH
	ret

/* Begins command AL, in odd rounds through the mover's buffer; DX becomes COMMAND. */
start:	movw	$WRITTEN, %bx
start_at:
	movw	%bp, %cx
	shlb	$7, %cl
	orb	%al, %cl
	movw	$MOVER, %dx
	movw	LBA, %ax
	outw	%ax, %dx
	addw	$2, %dx
	movw	COUNT, %ax
	outw	%ax, %dx
	addw	$2, %dx
	movw	%bx, %ax
	outw	%ax, %dx
	addw	$2, %dx
	movb	%cl, %al
	outb	%al, %dx
	ret

/* Until the command has ended. */
wait:	movw	$COMMAND, %dx
1:	inb	%dx, %al
	testb	$BUSY, %al
	jnz	1b
	movb	$0, DEATH
	testb	$BAD, %al
	movb	$'f', %al
	jnz	last
	ret

#include "serial.inc"

	.org	510
	.word	0xaa55
	.org	1024
