/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest in one file: a disk that `tessera demo` boots where no Linux has been fetched. A mosaic in
 * mode 13h, a greeting on the screen and on COM1, a new mosaic for each key, Esc powers off.
 * Sources: IBM PC BIOS interrupts 10h, 13h extensions (EDD 1.1), 16h; PC16550D; PIIX4 PM1a_CNT at the
 * place where SeaBIOS puts it (600h + 4).
 */
#define SECTORS 7	/* after the first */
#define TILE 20		/* pixels */
#define COM1 0x3f8
#define PM1_CONTROL 0x604
#define SLEEP_NOW 0x2000 /* SLP_EN, type 0: soft off */
#define ESC 0x1b

	.code16
	.globl _start
_start:
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$_start, %sp
	sti
	cld
	ljmp	$0, $1f
1:	mov	$packet, %si
	mov	$0x42, %ah		/* extended read, DL is still the boot drive */
	int	$0x13
	jnc	main
	mov	$unreadable, %si
	call	say
2:	hlt
	jmp	2b

packet:	.byte	16, 0
	.word	SECTORS, 0x7e00, 0
	.quad	1
unreadable:
	.asciz	"demo: the disk cannot be read\r\n"

/* SI: text up to a 0, to the screen and the serial line. */
say:	lodsb
	test	%al, %al
	jz	1f
	call	put
	jmp	say
1:	ret

put:	push	%ax
	mov	$0x0e, %ah
	mov	$0x000f, %bx
	int	$0x10
	mov	$COM1 + 5, %dx
	mov	$0xffff, %cx
1:	in	%dx, %al
	test	$0x20, %al
	loopz	1b
	pop	%ax
	mov	$COM1, %dx
	out	%al, %dx
	ret

	.org	510
	.word	0xaa55

main:	mov	$0x0013, %ax
	int	$0x10
	call	mosaic
	mov	$0x0200, %ax		/* cursor to row 8, column 0 */
	xor	%bx, %bx
	mov	$0x0800, %dx
	int	$0x10
	mov	$greeting, %si
	call	say
wait:	mov	$0x01, %ah		/* a key? */
	int	$0x16
	jz	1f
	xor	%ax, %ax
	int	$0x16
	jmp	key
1:	mov	$COM1 + 5, %dx		/* a byte on the line? */
	in	%dx, %al
	test	$1, %al
	jz	2f
	mov	$COM1, %dx
	in	%dx, %al
	jmp	key
2:	hlt				/* the timer wakes it 18 times a second */
	jmp	wait

key:	cmp	$ESC, %al
	je	off
	addw	$37, seed
	call	mosaic
	jmp	wait

off:	mov	$goodbye, %si
	call	say
	mov	$PM1_CONTROL, %dx
	mov	$SLEEP_NOW, %ax
	out	%ax, %dx
1:	hlt
	jmp	1b

/* Draws tiles of TILE pixels with a gap of two; the rows of the greeting stay. */
mosaic:	mov	$0xa000, %ax
	mov	%ax, %es
	xor	%di, %di
	xor	%si, %si		/* y */
row:	xor	%cx, %cx		/* x */
dot:	mov	%si, %ax
	cmp	$56, %ax
	jb	1f
	cmp	$144, %ax
	jb	skip
1:	xor	%dx, %dx
	mov	$TILE, %bx
	div	%bx
	cmp	$2, %dx
	jb	gap
	mov	%ax, %bp		/* tile's row */
	mov	%cx, %ax
	xor	%dx, %dx
	div	%bx
	cmp	$2, %dx
	jb	gap
	imul	$11, %ax, %ax
	imul	$29, %bp, %bp
	add	%bp, %ax
	add	seed, %ax
	xor	%dx, %dx
	mov	$72, %bx		/* the palette's bright hues: 32 to 103 */
	div	%bx
	mov	%dl, %al
	add	$32, %al
	jmp	paint
gap:	xor	%al, %al
paint:	mov	%al, %es:(%di)
skip:	inc	%di
	inc	%cx
	cmp	$320, %cx
	jb	dot
	inc	%si
	cmp	$200, %si
	jb	row
	xor	%ax, %ax
	mov	%ax, %es
	ret

seed:	.word	5
greeting:
	.ascii	"  This is Tessera: a PC made of tiles.\r\n\r\n"
	.ascii	"  This guest is 4 KiB long. Linux comes\r\n"
	.ascii	"  with scripts/guests/fetch.\r\n\r\n"
	.asciz	"  A key: new tiles. Esc: power off.\r\n"
goodbye:
	.asciz	"\r\n  Good bye.\r\n"

	.org	0x10000
