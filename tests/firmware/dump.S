/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector that writes the memory where firmware leaves its tables to the debug console, as it is: 80000h-9FFFFh, with the
 * end of base memory and the extended BIOS data area, then F0000h-FFFFFh. Ends through port F4h.
 */
	.code16
	.globl	_start
_start:
	cld
	movw	$0xe9, %dx
	movw	$0x8000, %ax
	call	segment
	movw	$0x9000, %ax
	call	segment
	movw	$0xf000, %ax
	call	segment
	xorb	%al, %al
	outb	%al, $0xf4
1:	hlt
	jmp	1b

/* 64 KiB of segment AX. */
segment:
	movw	%ax, %ds
	xorw	%si, %si
	movw	$0x8000, %cx
	rep outsb
	movw	$0x8000, %cx
	rep outsb
	ret

	.org	510
	.word	0xaa55
