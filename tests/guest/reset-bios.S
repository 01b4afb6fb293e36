/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector that has the processor reset, in each way that the machine has, with shutdown code 0Ah, and expects the BIOS to
 * jump to the far pointer of 40:67 with memory and interrupt masks as they were. Its last reset is one with shutdown code 0: the
 * BIOS starts the machine anew, and the boot sector knows its second start by a byte of CMOS memory. Ends through port F4h:
 * 0 passed, else the number of the way that failed.
 */
#define EXIT_PORT 0xf4
#define WAY 0x7e00       /* memory: the way being tried */
#define CMOS_STARTED 0x7f /* a byte that no BIOS uses */
#define MARK 0xa5

	.macro	cmos index, value
	movb	$\index, %al
	outb	%al, $0x70
	movb	$\value, %al
	outb	%al, $0x71
	.endm

	.code16
	.globl	start
start:
	cli
	ljmpw	$0, $1f
1:	xorw	%ax, %ax
	movw	%ax, %ds
	movb	$CMOS_STARTED, %al
	outb	%al, $0x70
	inb	$0x71, %al
	cmpb	$MARK, %al
	je	again
	movw	$0, WAY
next:
	movw	$resumed, 0x467
	movw	$0, 0x469
	movb	$MARK, %al
	outb	%al, $0x21
	cmos	0x0f, 0x0a
	movw	WAY, %bx
	addw	%bx, %bx
	jmpw	*ways(%bx)

resumed: /* CS is 0, all else unknown */
	cli
	xorw	%ax, %ax
	movw	%ax, %ds
	inb	$0x21, %al
	cmpb	$MARK, %al
	jne	failed
	smsww	%ax
	testb	$1, %al
	jnz	failed
skip:
	incw	WAY
	jmp	next

ways:
	.word	pulse, output_port, triple_fault, port_92, soft, new_start

pulse:
	movb	$0xfe, %al
	outb	%al, $0x64
	jmp	stand
output_port:
	movb	$0xd1, %al
	outb	%al, $0x64
	movb	$0xde, %al
	outb	%al, $0x60
	jmp	stand
triple_fault: /* in protected mode, as OS/2 does it */
	lidtl	no_idt
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	int3
port_92:
	inb	$0x92, %al
	cmpb	$0xff, %al /* an AT without it */
	je	skip
	andb	$0xfe, %al
	outb	%al, $0x92
	orb	$1, %al
	outb	%al, $0x92
	jmp	stand
soft:
	movw	$0xcf9, %dx
	inb	%dx, %al
	cmpb	$0xff, %al
	je	skip
	movb	$0, %al
	outb	%al, %dx
	movb	$4, %al
	outb	%al, %dx
	jmp	stand
new_start:
	cmos	0x0f, 0
	cmos	CMOS_STARTED, MARK
	jmp	pulse

again:
	cmos	CMOS_STARTED, 0
	xorw	%ax, %ax
	jmp	end
failed:
	movw	WAY, %ax
	incw	%ax
end:
	outb	%al, $EXIT_PORT
stand:
	hlt
	jmp	stand

no_idt:
	.word	0
	.long	0

	.org	510
	.word	0xaa55
