/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector for measuring the window: the whole screen in one of 16 colours (mode 13h). A key changes black to white and
 * back; F makes it change with each frame of the VGA, 70 times a second, until another key.
 */
	.intel_syntax noprefix
	.code16
	.text
	.globl _start
_start:
	cli
	xor ax, ax
	mov ds, ax
	mov ss, ax
	mov sp, 0x7c00
	sti
	cld
	mov ax, 0x0013
	int 0x10
	mov ax, 0xa000
	mov es, ax
	xor bl, bl
wait_key:
	xor ah, ah
	int 0x16
	cmp al, 'f'
	je run
	xor bl, 15
	call fill
	jmp wait_key

run:
	inc bl
	and bl, 15
	call fill
	mov dx, 0x3da
1:	in al, dx		/* input status 1, bit 3: vertical retrace */
	test al, 8
	jnz 1b
2:	in al, dx
	test al, 8
	jz 2b
	mov ah, 1
	int 0x16
	jz run
	xor ah, ah
	int 0x16
	xor bl, bl
	call fill
	jmp wait_key

fill:
	mov al, bl
	mov ah, bl
	xor di, di
	mov cx, 32000
	rep stosw
	ret

	.org 510
	.word 0xaa55
