/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector that does in protected mode what the first serial line asks for: a letter, and
 * numbers of four bytes, the least significant first.
 *
 *   w	address, value: writes four bytes there
 *   r	address: reads four bytes, which it sends
 *   o	port, value: writes four bytes there
 *   i	port: reads four bytes, which it sends
 *   f	address, count, value, step: writes so many times four bytes, each a step above the one before
 *   s	address, count: sends the sum of so many times four bytes, each added to the rotated sum
 *
 * After each it sends '.'. Source: Intel SDM volume 3, 9.9.1; the 16550A's data sheet.
 */
	.set	COM1, 0x3f8
	.set	FCR, COM1 + 2
	.set	LCR, COM1 + 3
	.set	LSR, COM1 + 5
	.set	LSR_DR, 1
	.set	LSR_THRE, 0x20
	.set	CODE, 8
	.set	DATA, 16

	.code16
	.globl	_start
_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	lgdt	table
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmp	$CODE, $protected

	.code32
protected:
	movw	$DATA, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x7c00, %esp
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
	movw	$FCR, %dx
	movb	$1, %al			/* FIFOs on */
	outb	%al, %dx
	movb	$'>', %al
	call	send

next:	call	hear
	movb	%al, %cl
	call	number
	movl	%eax, %ebx
	cmpb	$'w', %cl
	je	write
	cmpb	$'r', %cl
	je	read
	cmpb	$'o', %cl
	je	output
	cmpb	$'i', %cl
	je	input
	cmpb	$'f', %cl
	je	fill
	cmpb	$'s', %cl
	je	sum
	jmp	next

write:	call	number
	movl	%eax, (%ebx)
	jmp	done
read:	movl	(%ebx), %eax
	jmp	tell
output:	call	number
	movl	%ebx, %edx
	outl	%eax, %dx
	jmp	done
input:	movl	%ebx, %edx
	inl	%dx, %eax
	jmp	tell
fill:	movl	%ebx, %edi
	call	number
	movl	%eax, %esi
	call	number
	movl	%eax, %ebx
	call	number
	movl	%esi, %ecx
	xchgl	%eax, %ebx
1:	stosl
	addl	%ebx, %eax
	loop	1b
	jmp	done
sum:	call	number
	movl	%eax, %ecx
	xorl	%eax, %eax
1:	roll	$1, %eax
	addl	(%ebx), %eax
	addl	$4, %ebx
	loop	1b

tell:	movl	%eax, %ebx
	movb	$4, %cl
1:	movb	%bl, %al
	call	send
	shrl	$8, %ebx
	decb	%cl
	jnz	1b
done:	movb	$'.', %al
	call	send
	jmp	next

/* EAX: the next four bytes. CH and EBP are not kept. */
number:	movb	$4, %ch
1:	call	hear
	shrdl	$8, %eax, %ebp
	decb	%ch
	jnz	1b
	movl	%ebp, %eax
	ret

#include "serial.inc"

	.balign	8
gdt:	.quad	0
	.quad	0x00cf9a000000ffff	/* CODE */
	.quad	0x00cf92000000ffff	/* DATA */
table:	.word	table - gdt - 1
	.long	gdt

	.org	510
	.word	0xaa55
	.org	1024
