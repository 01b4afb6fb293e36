/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A boot sector that stops in the middle of commands of its disk, the master of the primary channel
 * of a PIIX3. A character on the first serial line says what it does with sector 1:
 *
 *   o	writes the boot sector there by PIO, and stops after the half of it
 *   p	reads it by PIO, and stops after the half of it
 *   d	reads it by DMA, and stops when the drive waits for the bus master
 *   x	tells the features of SET FEATURES and SET MULTIPLE MODE: words 59 and 85 of IDENTIFY DEVICE
 *
 * While it stops it has sent 'w', and any character lets it go on. At the end of o, p and d it sends
 * 'y' if the command succeeded and what it has read is the boot sector, otherwise 'n'; at that of x
 * four bytes.
 * Source: ATA/ATAPI-6 (T13/1410D), 8 and 9; Programming Interface for Bus Master IDE Controller 1.0.
 */
	.set	COM1, 0x3f8
	.set	LCR, COM1 + 3
	.set	LSR, COM1 + 5
	.set	LSR_DR, 1
	.set	LSR_THRE, 0x20
	.set	DATA, 0x1f0
	.set	COUNT, 0x1f2
	.set	LBA_LOW, 0x1f3
	.set	DEVICE, 0x1f6
	.set	COMMAND, 0x1f7		/* status, when it is read */
	.set	CONTROL, 0x3f6
	.set	NIEN, 0x02
	.set	ERR, 0x01
	.set	DRQ, 0x08
	.set	DF, 0x20
	.set	BSY, 0x80
	.set	READ_SECTORS, 0x20
	.set	WRITE_SECTORS, 0x30
	.set	SET_MULTIPLE_MODE, 0xc6
	.set	READ_DMA, 0xc8
	.set	IDENTIFY_DEVICE, 0xec
	.set	SET_FEATURES, 0xef
	.set	WRITE_CACHE_OFF, 0x82
	.set	IDE, 0x80000900		/* its PCI function: bus 0, device 1, function 1 */
	.set	SECTOR, 0x7c00
	.set	TABLE, 0x8000
	.set	MASTER, 0x8010		/* port of the bus master */
	.set	BUFFER, 0x9000
	.set	BUFFER_WORDS, 256

	.code16
	.globl	_start
_start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$SECTOR, %sp
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
	movw	$CONTROL, %dx
	movb	$NIEN, %al
	outb	%al, %dx
	movl	$IDE + 0x04, %eax	/* I/O and bus master on */
	call	select_config
	inl	%dx, %eax
	orb	$5, %al
	outl	%eax, %dx
	movl	$IDE + 0x20, %eax
	call	select_config
	inl	%dx, %eax
	andb	$0xf0, %al
	movw	%ax, MASTER
	movl	$BUFFER, TABLE
	movl	$0x80000000 + 512, TABLE + 4
	movb	$'>', %al
answer:	call	send
next:	call	hear
	cmpb	$'x', %al
	je	features
	movw	$BUFFER, %di
	pushw	%ax
	xorw	%ax, %ax
	movw	$BUFFER_WORDS, %cx
	rep stosw
	popw	%ax
	cmpb	$'o', %al
	je	write
	cmpb	$'p', %al
	je	read
	cmpb	$'d', %al
	jne	next

	movw	MASTER, %dx
	movb	$0x08, %al		/* to memory */
	outb	%al, %dx
	addw	$4, %dx
	movl	$TABLE, %eax
	outl	%eax, %dx
	movb	$READ_DMA, %al
	call	command
	call	stop
	movw	MASTER, %dx
	movb	$0x09, %al
	outb	%al, %dx
	call	await
	movw	MASTER, %dx
	movb	$0x08, %al
	outb	%al, %dx
	jmp	check

write:	movb	$WRITE_SECTORS, %al
	call	command
	call	await
	movw	$SECTOR, %si
	call	out_half
	call	stop
	call	out_half
	call	await
	movw	$SECTOR, %si		/* nothing was read */
	jmp	compare

read:	movb	$READ_SECTORS, %al
	call	command
	call	await
	movw	$BUFFER, %di
	call	in_half
	call	stop
	call	in_half
check:	movw	$BUFFER, %si
compare:
	movw	$COMMAND, %dx
	inb	%dx, %al
	testb	$BSY | DRQ | DF | ERR, %al
	movb	$'n', %al
	jnz	answer
	movw	$SECTOR, %di
	movw	$BUFFER_WORDS, %cx
	repe cmpsw
	jne	answer
	movb	$'y', %al
	jmp	answer

features:
	movb	$WRITE_CACHE_OFF, %al
	movw	$DATA + 1, %dx
	outb	%al, %dx
	movb	$SET_FEATURES, %al
	call	command
	call	await
	movb	$SET_MULTIPLE_MODE, %al	/* of one sector: command sets the count to it */
	call	command
	call	await
	call	stop
	movb	$IDENTIFY_DEVICE, %al
	call	command
	call	await
	movw	$BUFFER, %di
	call	in_half
	call	in_half
	movb	BUFFER + 2 * 59, %al
	call	send
	movb	BUFFER + 2 * 59 + 1, %al
	call	send
	movb	BUFFER + 2 * 85, %al
	call	send
	movb	BUFFER + 2 * 85 + 1, %al
	jmp	answer

out_half:
	movw	$DATA, %dx
	movw	$BUFFER_WORDS / 2, %cx
	rep outsw
	ret

in_half:
	movw	$DATA, %dx
	movw	$BUFFER_WORDS / 2, %cx
	rep insw
	ret

/* Starts the command AL on sector 1. */
command:
	pushw	%ax
	movw	$DEVICE, %dx
	movb	$0xe0, %al		/* LBA, device 0 */
	outb	%al, %dx
	call	await
	movw	$COUNT, %dx
	movb	$1, %al
	outb	%al, %dx
	movw	$LBA_LOW, %dx
	outb	%al, %dx
	xorw	%ax, %ax
	incw	%dx
	outb	%al, %dx
	incw	%dx
	outb	%al, %dx
	movw	$COMMAND, %dx
	popw	%ax
	outb	%al, %dx
	ret

await:	movw	$COMMAND, %dx
1:	inb	%dx, %al
	testb	$BSY, %al
	jnz	1b
	ret

/* EAX: address; DX is then the port of its data. */
select_config:
	movw	$0xcf8, %dx
	outl	%eax, %dx
	addw	$4, %dx
	ret

stop:	movb	$'w', %al
	call	send
	/* and hears */
hear:	movw	$LSR, %dx
1:	inb	%dx, %al
	testb	$LSR_DR, %al
	jz	1b
	movw	$COM1, %dx
	inb	%dx, %al
	ret

send:	movb	%al, %ah
	movw	$LSR, %dx
1:	inb	%dx, %al
	testb	$LSR_THRE, %al
	jz	1b
	movb	%ah, %al
	movw	$COM1, %dx
	outb	%al, %dx
	ret

	.org	510
	.word	0xaa55
	.org	1024
