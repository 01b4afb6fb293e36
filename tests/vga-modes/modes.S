/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk that goes through the VGA's modes as a program of the time would: with the video BIOS and the registers.
 * Each step draws something that run-modes knows how to check, and waits for a key. After the last step it writes 0 to the
 * debug exit port F4h. Layout: boot sector at 7C00, the steps after it, loaded from the disk's sectors 1-31.
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
	sti
	cld
	mov ah, 0x42
	mov si, offset packet
	int 0x13
	jc failed
	jmp main
failed:
	mov ax, 0x0e00 + 'E'
	int 0x10
	hlt
	jmp failed

	.balign 4
packet:	.byte 16, 0
	.word 31
	.word 0x7e00, 0
	.quad 1

	.org 510
	.word 0xaa55

/* -- sector 1 and on */
main:
	mov si, offset steps
next:
	lodsw
	test ax, ax
	jz done
	push si
	push ds
	call ax
	pop ds
	pop si
	xor ax, ax
	mov es, ax
	int 0x16
	jmp next
done:
	xor ax, ax
	out 0xf4, al
	hlt
	jmp done

steps:
	.word text, rows50, columns40, mode13, modex, mode12, mode4, mode6, moded, mono, banked8, banked16, linear32, text, 0

/* AX: BIOS mode */
set_mode:
	int 0x10
	ret

/* ES = AX, DI = 0 */
to_segment:
	mov es, ax
	xor di, di
	ret

/* The DAC: entry i is red i/4, green 63 - i/4, blue 0 */
set_palette:
	mov dx, 0x3c8
	xor al, al
	out dx, al
	inc dx
	xor cx, cx
1:	mov al, cl
	shr al, 2
	out dx, al
	mov ah, 63
	sub ah, al
	mov al, ah
	out dx, al
	xor al, al
	out dx, al
	inc cx
	cmp cx, 256
	jne 1b
	ret

/* -- text: cell i of a 16x16 table from row 2 has character i and attribute i */
text:
	mov ax, 0x0003
	call set_mode
	mov ax, 0x0003      /* see mono */
	call set_mode
	mov ax, 0xb800
	call to_segment
	mov di, 2 * 160
	xor ax, ax
1:	stosw
	inc al
	inc ah
	test al, 15
	jnz 1b
	add di, 160 - 32
	test al, al
	jnz 1b
	mov si, offset hello
	xor di, di
	mov ah, 0x1f
2:	lodsb
	test al, al
	jz 3f
	stosw
	jmp 2b
3:	ret
hello:	.asciz "Text mode 3"

rows50:
	mov ax, 0x0003
	call set_mode
	mov ax, 0x1112
	xor bl, bl
	int 0x10
	mov ax, 0xb800
	mov es, ax
	mov word ptr es:[49 * 160], 0x2000 + 219
	ret

columns40:
	mov ax, 0x0001
	call set_mode
	mov ax, 0xb800
	mov es, ax
	mov word ptr es:[24 * 80 + 78], 0x4000 + ' '
	ret

/* -- 256 colours: dot (x, y) is x ^ y */
mode13:
	mov ax, 0x0013
	call set_mode
	call set_palette
	mov ax, 0xa000
	call to_segment
	xor dx, dx
1:	xor cx, cx
2:	mov al, cl
	xor al, dl
	stosb
	inc cx
	cmp cx, 320
	jne 2b
	inc dx
	cmp dx, 200
	jne 1b
	ret

/* -- mode X, 320x240 in four planes: dot (x, y) is x + y */
modex:
	mov ax, 0x0013
	call set_mode
	call set_palette
	mov dx, 0x3c4
	mov ax, 0x0604
	out dx, ax
	mov ax, 0x0100
	out dx, ax
	mov dx, 0x3c2
	mov al, 0xe3
	out dx, al
	mov dx, 0x3c4
	mov ax, 0x0300
	out dx, ax
	mov dx, 0x3d4
	mov al, 0x11
	out dx, al
	inc dx
	in al, dx
	and al, 0x7f
	out dx, al
	dec dx
	mov si, offset modex_crtc
	mov cx, 10
1:	lodsw
	out dx, ax
	loop 1b
	mov bl, 0           /* plane */
2:	mov cl, bl
	mov ah, 1
	shl ah, cl
	mov al, 2
	mov dx, 0x3c4
	out dx, ax
	mov ax, 0xa000
	call to_segment
	xor dx, dx          /* line */
3:	mov al, bl
	add al, dl
	mov cx, 80
4:	stosb
	add al, 4
	loop 4b
	inc dx
	cmp dx, 240
	jne 3b
	inc bl
	cmp bl, 4
	jne 2b
	ret
modex_crtc:
	.word 0x0d06, 0x3e07, 0x4109, 0xea10, 0xac11, 0xdf12, 0x0014, 0xe715, 0x0616, 0xe317

/* -- 16 colours: bars of 40 pixels, drawn with write mode 2 */
mode12:
	mov ax, 0x0012
	call set_mode
	mov bx, 480
	mov bp, 5
bars:
	mov dx, 0x3ce
	mov ax, 0x0205
	out dx, ax
	mov ax, 0xa000
	call to_segment
1:	xor al, al
2:	mov cx, bp
	rep stosb
	inc al
	cmp al, 16
	jne 2b
	dec bx
	jnz 1b
	mov ax, 0x0005
	out dx, ax
	ret

/* 320 pixels: 40 bytes a line, of which the bars fill 32 */
moded:
	mov ax, 0x000d
	call set_mode
	mov dx, 0x3ce
	mov ax, 0x0205
	out dx, ax
	mov ax, 0xa000
	call to_segment
	mov bx, 200
1:	xor al, al
2:	stosb
	inc al
	cmp al, 40
	jne 2b
	dec bx
	jnz 1b
	mov ax, 0x0005
	out dx, ax
	ret

/* -- CGA: even lines 0123, odd lines 3210 */
mode4:
	mov ax, 0x0004
	call set_mode
	mov al, 0x1b
	mov ah, 0xe4
cga:
	push ax
	mov ax, 0xb800
	call to_segment
	pop ax
	mov cx, 8000
	rep stosb
	mov di, 0x2000
	mov al, ah
	mov cx, 8000
	rep stosb
	ret
mode6:
	mov ax, 0x0006
	call set_mode
	mov al, 0xaa
	mov ah, 0xf0
	jmp cga

/* -- mode 7: the monochrome adapter's addresses */
mono:
	mov ax, 0x0007
	call set_mode
	mov ax, 0x0007      /* the BIOS turns to the ports at 3Bx at its end only */
	call set_mode
	mov ax, 0xb000
	mov es, ax
	mov word ptr es:[0], 0x0700 + 219
	mov word ptr es:[2], 0x0100 + ' '
	ret

/* -- VBE through the 64 KiB window: 5 banks of 640x480x8, byte = high byte of the offset + bank */
banked8:
	mov ax, 0x4f02
	mov bx, 0x0101
	int 0x10
	call set_palette
	xor dx, dx
1:	call set_bank
	mov ax, 0xa000
	call to_segment
	mov bx, 256
	mov al, dl
2:	mov cx, 256
	rep stosb
	inc al
	dec bx
	jnz 2b
	inc dx
	cmp dx, 5
	jne 1b
	ret

/* DX: bank */
set_bank:
	push dx
	mov ax, 0x4f05
	xor bx, bx
	int 0x10
	pop dx
	ret

/* 800x600x16: word = its number in the bank, for 15 banks */
banked16:
	mov ax, 0x4f02
	mov bx, 0x0114
	int 0x10
	xor dx, dx
1:	call set_bank
	mov ax, 0xa000
	call to_segment
	xor ax, ax
	mov cx, 0x8000
2:	stosw
	inc ax
	loop 2b
	inc dx
	cmp dx, 15
	jne 1b
	ret

/* -- the linear framebuffer, 1024x768x32, from big real mode: dot (x, y) is y << 16 | x */
linear32:
	mov ax, 0x4f02
	mov bx, 0x4144
	int 0x10
	mov ax, 0x2000
	mov es, ax
	xor di, di
	mov ax, 0x4f01
	mov cx, 0x0144
	int 0x10
	mov edi, es:[40]
	cli
	lgdt gdt_pointer
	mov eax, cr0
	or al, 1
	mov cr0, eax
	jmp 1f
1:	mov bx, 8
	mov fs, bx
	and al, 0xfe
	mov cr0, eax
	jmp 2f
2:	xor bx, bx
	mov fs, bx
	sti
	xor edx, edx
3:	xor ecx, ecx
4:	mov eax, edx
	shl eax, 16
	or eax, ecx
	mov fs:[edi], eax
	add edi, 4
	inc ecx
	cmp ecx, 1024
	jne 4b
	inc edx
	cmp edx, 768
	jne 3b
	ret

	.balign 8
gdt:	.quad 0, 0x00cf93000000ffff
gdt_pointer:
	.word 15
	.long gdt

	.org 512 * 64
