/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The option ROM that starts a Linux kernel: an image of 16-bit code inside this plugin, handed to
 * the BIOS as a file of the firmware configuration device. Its boot entry copies setup code,
 * command line, kernel and initial RAM disk to their addresses by the device's DMA (which reaches
 * all of memory from real mode) and jumps to the setup code.
 *
 * All addresses are differences of labels, so the image needs no linking. Checksums are filled in
 * when it is handed out.
 *
 * Sources: PnP BIOS specification 1.0A, 3.2 (expansion header); BIOS boot specification 1.01
 * (bootstrap entry vector); the kernel's Documentation/arch/x86/boot.rst.
 */
#define KEY_CMDLINE_ADDR 0x13
#define KEY_SETUP_ADDR 0x16
#define DMA_PORT_HIGH 0x514
#define DMA_PORT_LOW 0x518
#define DMA_SELECT_READ 0x0a
#define DMA_ERROR 1
#define STACK 0x7bc0
#define PARAMS 0x7be0 /* linear: control, length, address (8), big-endian; scratch dword */
#define SCRATCH (PARAMS + 16)

	.section .rodata
	.globl linux_rom, linux_rom_end
	.hidden linux_rom, linux_rom_end
	.code16
	.balign 16
linux_rom:
	.byte 0x55, 0xaa, (linux_rom_end - linux_rom) / 512
	jmp init
	.org linux_rom + 0x1a
	.word pnp - linux_rom

	.org linux_rom + 0x20
pnp:
	.ascii "$PnP"
	.byte 1, 2              /* revision, length in units of 16 bytes */
	.word 0                 /* no further header */
	.byte 0, 0              /* reserved, checksum */
	.long 0                 /* no device identifier */
	.word maker - linux_rom, product - linux_rom
	.byte 0x01, 0x80, 0x00  /* mass storage, other */
	.byte 0x64              /* may be shadowed and cached, is a boot device */
	.word 0, 0              /* no connection vectors */
	.word boot - linux_rom
	.word 0, 0              /* reserved, no static resources */

maker:	.asciz "Tessera"
product:
	.asciz "Linux kernel"
failed:	.asciz "The kernel could not be copied to memory.\r\n"

/* The parts: keys of address, size and data. */
parts:
	.word 0x16, 0x17, 0x18  /* setup code */
	.word 0x13, 0x14, 0x15  /* command line */
	.word 0x07, 0x08, 0x11  /* kernel */
	.word 0x0a, 0x0b, 0x12  /* initial RAM disk */
parts_end:

/* Called once by the BIOS. */
init:
	mov	$0x20, %ax      /* a boot device is attached */
	lret

boot:
	cli
	cld
	xor	%ax, %ax
	mov	%ax, %ss
	mov	$STACK, %sp
	mov	%ax, %es
	push	%cs
	pop	%ds
	sti
	mov	$(parts - linux_rom), %si
1:	lodsw
	call	item_dword
	mov	%eax, %edi
	lodsw
	call	item_dword
	mov	%eax, %ecx
	lodsw
	jecxz	2f
	mov	%edi, %ebx
	call	item_read
2:	cmp	$(parts_end - linux_rom), %si
	jb	1b

	mov	$KEY_SETUP_ADDR, %ax
	call	item_dword
	mov	%eax, %edi
	mov	$KEY_CMDLINE_ADDR, %ax
	call	item_dword
	sub	%edi, %eax      /* the stack ends where the command line starts */
	shr	$4, %edi
	cli
	mov	%di, %ds
	mov	%di, %es
	mov	%di, %fs
	mov	%di, %gs
	mov	%di, %ss
	mov	%eax, %esp
	add	$0x20, %di
	push	%di
	push	$0
	xor	%eax, %eax
	xor	%ebx, %ebx
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%ebp, %ebp
	lret

/* AX: key of an item of four bytes. Returns it in EAX. Changes EBX, ECX, DX. */
item_dword:
	mov	$SCRATCH, %ebx
	mov	$4, %ecx
	call	item_read
	mov	%es:SCRATCH, %eax
	ret

/* AX: key, EBX: address, ECX: length. Changes EAX, EBX, ECX, DX. */
item_read:
	shl	$16, %eax
	mov	$DMA_SELECT_READ, %ax
	bswap	%eax
	bswap	%ebx
	bswap	%ecx
	mov	%eax, %es:PARAMS
	mov	%ecx, %es:PARAMS + 4
	movl	$0, %es:PARAMS + 8
	mov	%ebx, %es:PARAMS + 12
	xor	%eax, %eax
	mov	$DMA_PORT_HIGH, %dx
	outl	%eax, %dx
	mov	$PARAMS, %eax
	bswap	%eax
	mov	$DMA_PORT_LOW, %dx
	outl	%eax, %dx
1:	mov	%es:PARAMS, %eax
	bswap	%eax
	test	$DMA_ERROR, %al
	jnz	fail
	test	%eax, %eax
	jnz	1b
	ret

fail:
	mov	$(failed - linux_rom), %si
1:	lodsb
	test	%al, %al
	jz	2f
	mov	$0x0e, %ah
	mov	$7, %bx
	int	$0x10
	jmp	1b
2:	int	$0x18

	.balign 512
linux_rom_end:

	.section .note.GNU-stack, "", @progbits
