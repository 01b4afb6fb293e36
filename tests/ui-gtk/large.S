/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector for measuring the window with a large picture: 1024x768 in 32 bits (VBE 2.0, mode
 * 144h of Bochs). Once for each frame of the adapter it gives the whole screen another colour, after
 * W; a square of 64 pixels, after S; nothing, after any other key.
 */
	.intel_syntax noprefix
	.code16
	.text
	.globl _start
_start:
	cli
	xor ax, ax
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov sp, 0x7c00
	mov ax, 0x4f01		/* 4F01h: mode information; 28h: where the picture is */
	mov cx, 0x0144
	mov di, 0x0600
	int 0x10
	mov ax, 0x4f02
	mov bx, 0x4144
	int 0x10
	in al, 0x92		/* A20 */
	or al, 2
	out 0x92, al
	lgdt [gdtr]
	mov eax, cr0		/* FS gets a limit of 4 GiB, which it keeps in real mode */
	or al, 1
	mov cr0, eax
	jmp 1f
1:	mov bx, 8
	mov fs, bx
	mov es, bx
	and al, 0xfe
	mov cr0, eax
	jmp 2f
2:	sti
	cld
	xor ebx, ebx
	xor bp, bp		/* what is drawn: 0, 'w', 's' */
loop:	mov ah, 1
	int 0x16
	jz draw
	xor ah, ah
	int 0x16
	xor ah, ah
	mov bp, ax
draw:	mov dx, 0x3da		/* input status 1, bit 3: vertical retrace */
1:	in al, dx
	test al, 8
	jnz 1b
2:	in al, dx
	test al, 8
	jz 2b
	add ebx, 0x00102030
	mov eax, ebx
	mov edi, [0x0628]
	cmp bp, 'w'
	je whole
	cmp bp, 's'
	jne loop
	add edi, 4096 * 256 + 4 * 256
	mov dx, 64
1:	mov ecx, 64
	addr32 rep stosd
	add edi, 4096 - 256
	dec dx
	jnz 1b
	jmp loop
whole:	mov ecx, 1024 * 768
	addr32 rep stosd
	jmp loop

	.balign 8
gdt:	.quad 0
	.quad 0x00cf92000000ffff	/* data, base 0, 4 GiB */
gdtr:	.word 15
	.long gdt
	.org 510
	.word 0xaa55
