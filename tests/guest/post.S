/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A ROM as processor test suites are built: 64 KiB, or 128 KiB with -DROM128, in place of the BIOS of a whole machine. POST codes
 * go to ports 80h and 190h, text to a printer port, a serial port and the port 402h, whoever listens there; its first GDT stays in
 * the ROM, where accessed bits cannot be set unless the board copies its ROM to RAM. Ends through port 501h: 0 passed, else the
 * POST code of what failed.
 */
#define TEXT_PORT 0x402
#define EXIT_PORT 0x501
#define TSS 0x3000
#define TSS16 0x3100
#define TASK32 0x3200
#define IDT 0x2000

	.macro	post code
	movb	$\code, %al
	movb	%al, %bl
	outb	%al, $0x80
	movw	$0x190, %dx
	outb	%al, %dx
	.endm

	.section .reset, "ax"
	.code16
	.globl	reset_vector
reset_vector:
	ljmpw	$0xf000, $start
	.ascii	"01/01/00"
	.byte	0, 0xfc, 0

#ifdef ROM128
	.section .low, "ax"
	.code16
low_half:
	movw	$0x1234, %si
	lretw
#endif

	.section .text16, "ax"
	.code16
/* AL to the text port, to LPT1 when it says that it is ready, and to COM1 likewise. A port that is not there reads FFh: ready. */
print_char:
	pushw	%dx
	movw	$TEXT_PORT, %dx
	outb	%al, %dx
	pushw	%ax
	movw	$0x379, %dx
1:	inb	%dx, %al
	testb	$0x80, %al
	jz	1b
	popw	%ax
	movw	$0x378, %dx
	outb	%al, %dx
	movw	$0x3bc, %dx
	outb	%al, %dx
	pushw	%ax
	movw	$0x3fd, %dx
2:	inb	%dx, %al
	testb	$0x20, %al
	jz	2b
	popw	%ax
	movw	$0x3f8, %dx
	outb	%al, %dx
	popw	%dx
	ret

print:	/* CS:SI */
	movb	%cs:(%si), %al
	incw	%si
	testb	%al, %al
	jz	1f
	call	print_char
	jmp	print
1:	ret

start:
	cli
	cld
	post	1
	xorw	%ax, %ax
	movw	%ax, %ss
	movw	%ax, %ds
	movw	%ax, %es
	movw	$0x1000, %sp
	movw	%cs, %ax
	cmpw	$0xf000, %ax
	jne	fail
	post	2				/* memory below 640 KiB */
	movl	$0x12345678, 0x9000
	cmpl	$0x12345678, 0x9000
	jne	fail
	post	3				/* the console: a word is a byte for it and one for its neighbour */
	movw	$TEXT_PORT, %dx
	movw	$0x0a57, %ax			/* W */
	outw	%ax, %dx
	movb	$10, %al
	outb	%al, %dx
	movw	$text, %si
	call	print
	post	4				/* #DE by the table of real mode, at the instruction */
	movw	$de_handler, 0
	movw	$0xf000, 2
	xorw	%cx, %cx
1:	divw	%cx
	jmp	fail
de_handler:
	cmpw	$1b, 0x1000 - 6
	jne	fail
	movw	$0x1000, %sp
#ifdef ROM128
	post	5				/* the ROM's lower half is at E0000h */
	lcallw	$0xe000, $low_half
	cmpw	$0x1234, %si
	jne	fail
#endif
	post	6				/* protected mode with the GDT in ROM */
	movw	$IDT / 4, %cx
	movw	$IDT, %di
	xorl	%eax, %eax
	rep stosl
	movl	$ring0_gate, %eax
	movw	%ax, IDT + 8 * 0x40
	movw	$8, IDT + 8 * 0x40 + 2
	movl	%eax, IDT + 8 * 0x40 + 4
	movw	$0xee00, IDT + 8 * 0x40 + 4
	movl	$0x00400000, IDT + 8 * 0x41	/* a task gate: TSS 40h */
	movl	$0x0000e500, IDT + 8 * 0x41 + 4
	lgdtl	%cs:gdtr
	lidtl	%cs:idtr
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$0x08, $protected
fail:	movb	%bl, %al
	movw	$EXIT_PORT, %dx
	outb	%al, %dx
	hlt
	jmp	fail
text:	.asciz	"text by 402h, LPT1, COM1\n"

	.section .text32, "ax"
	.code32
protected:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	%ax, %es
	movl	$0x1000, %esp
	movl	$0x1000, TSS + 4
	movl	$0x10, TSS + 8
	movl	$0x00680068, TSS + 0x64
	/* The busy bit of a TSS must be written: those descriptors are in RAM, by an LDT that holds none. So a second GDT. */
	movl	$gdt, %esi
	movl	$0x4000, %edi
	movl	$20, %ecx
	rep movsl
	movw	$79, 0x3f00
	movl	$0x4000, 0x3f02
	lgdt	0x3f00
	movw	$0x28, %ax
	ltr	%ax
	testb	$2, 0x402d			/* busy */
	jz	fail32
	post	7				/* ring 3 and back by an interrupt */
	pushl	$0x23
	pushl	$0x1800
	pushl	$2
	pushl	$0x1b
	pushl	$ring3
	iretl
ring3:	movw	%cs, %ax
	cmpw	$0x1b, %ax
	jne	fail32
	int	$0x40
	jmp	fail32
ring0_gate:
	cmpl	$0x1000 - 20, %esp
	jne	fail32
	cmpl	$0x1b, 4(%esp)
	jne	fail32
	movl	$0x1000, %esp
	movw	%ds, %ax			/* IRET to ring 3 has made DS null: its DPL is 0 */
	testw	%ax, %ax
	jnz	fail32
	movw	$0x10, %ax
	movw	%ax, %ds
	post	8				/* a 16-bit task: CALL, IRET */
	movw	$task16, TSS16 + 14
	movw	$2, TSS16 + 16
	movw	$0x0f00, TSS16 + 26		/* SP */
	movw	$0x10, TSS16 + 34		/* ES */
	movw	$0x30, TSS16 + 36		/* CS */
	movw	$0x10, TSS16 + 38		/* SS */
	movw	$0x10, TSS16 + 40		/* DS */
	lcall	$0x38, $0xffffffff
	cmpw	$0x1616, %ss:0x5000
	jne	fail32
	testb	$2, 0x4000 + 0x3d		/* idle again */
	jnz	fail32
	movl	%cr0, %eax
	testb	$8, %al				/* TS */
	jz	fail32
	clts
	post	9				/* a 32-bit task by an interrupt's task gate */
	movl	$task32, TASK32 + 0x20
	movl	$2, TASK32 + 0x24
	movl	$0x0f00, TASK32 + 0x38
	movl	$0x10, TASK32 + 0x48
	movl	$0x08, TASK32 + 0x4c
	movl	$0x10, TASK32 + 0x50
	movl	$0x10, TASK32 + 0x54
	int	$0x41
	cmpw	$0x28, 0x5002			/* the link that the task saw */
	jne	fail32
	testl	$0x4000, 0x5004			/* its NT */
	jz	fail32
	movb	$0, %al
	movw	$EXIT_PORT, %dx
	outb	%al, %dx
	hlt
fail32:	ljmp	$0x30, $fail

task32:	movw	TASK32, %ax
	movw	%ax, 0x5002
	pushfl
	popl	0x5004
	iretl

	.section .text16
	.code16
task16:	movw	$0x1616, 0x5000
	iretw

	.section .text32
	.balign	8
gdt:	.quad	0, 0x00cf9a000000ffff, 0x00cf92000000ffff, 0x00cffa000000ffff, 0x00cff2000000ffff
	.quad	0x0000890030000067		/* 28h: TSS */
	.quad	0x00009a0f0000ffff		/* 30h: 16-bit code, base F0000h */
	.quad	0x000081003100002b		/* 38h: 16-bit TSS */
	.quad	0x0000890032000067		/* 40h: TASK32 */
	.quad	0
	.section .text16
gdtr:	.word	79
	.long	gdt
idtr:	.word	0x7ff
	.long	IDT
	.section .note.GNU-stack, "", @progbits
