/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the reset vector to guest_main() in flat 32-bit protected mode, and the pieces that C cannot say. */
#define STACK_TOP 0x7ff00

	.section .reset, "ax"
	.code16
	.globl reset_vector
reset_vector:
	ljmp	$0xf000, $0 /* start16 */
	.fill	16 - (. - reset_vector), 1, 0

	.section .text16, "ax"
	.globl real_start
start16:
real_start:
	cli
	cld
#ifdef RESUME
	/* As a BIOS does: with shutdown code 0Ah the guest resumes at the far pointer of 40:67. */
	movb	$0x0f, %al
	outb	%al, $0x70
	inb	$0x71, %al
	cmpb	$0x0a, %al
	je	resume16
#endif
	movw	$0xf000, %ax
	movw	%ax, %ds
	lgdtl	%cs:(boot_gdtr - start16)
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$0x08, $start32

#ifdef RESUME
resume16:
	xorb	%al, %al
	outb	%al, $0x71
	xorw	%ax, %ax
	movw	%ax, %ds
	ljmpw	*0x467
#endif

	.balign 8
boot_gdt:
	.quad	0, 0x00cf9b000000ffff, 0x00cf93000000ffff
boot_gdtr:
	.word	23
	.long	boot_gdt

	.code32
start32:
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movl	$STACK_TOP, %esp
	movl	$data_start, %edi
	movl	$data_load, %esi
	movl	$data_end, %ecx
	subl	%edi, %ecx
	rep movsb
	movl	$bss_start, %edi
	movl	$bss_end, %ecx
	subl	%edi, %ecx
	xorl	%eax, %eax
	rep stosb
	/* A20 by port 92h: harmless where it is on. */
	inb	$0x92, %al
	orb	$2, %al
	andb	$0xfe, %al
	outb	%al, $0x92
	call	guest_start
	hlt

	.text
/* -- Traps. Every vector has a stub of 16 bytes that pushes an error code (0 where the processor does not) and its number. */
	.balign 16
	.globl trap_stubs
trap_stubs:
	.set	vector, 0
	.rept	256
	.balign 16
	.if	!((vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17))
	push	$0
	.endif
	push	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

trap_common:
	pushal
	push	%ds
	push	%es
	push	%fs
	push	%gs
	movw	$0x10, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movl	%esp, %eax
	cld
	push	%eax
	call	on_trap
	addl	$4, %esp
	pop	%gs
	pop	%fs
	pop	%es
	pop	%ds
	popal
	addl	$8, %esp
	iretl

/* unsigned catch_call(void (*f)(void)): runs f; returns 0 when f returns, and otherwise what catch_return is called with. */
	.globl catch_call, catch_return
catch_call:
	movl	4(%esp), %eax
	pushl	catch_esp
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	pushl	%ebp
	movl	%esp, catch_esp
	call	*%eax
	xorl	%eax, %eax
1:	popl	%ebp
	popl	%edi
	popl	%esi
	popl	%ebx
	popl	catch_esp
	ret
catch_return:
	movl	4(%esp), %eax
	cld
	movw	$0x10, %dx
	movw	%dx, %ds
	movw	%dx, %es
	movw	%dx, %ss
	xorl	%edx, %edx
	movw	%dx, %fs
	movw	%dx, %gs
	movl	catch_esp, %esp
	pushl	$2
	popfl
	/* Back to the flat code segment, whatever the trap came from. */
	pushl	$0x08
	pushl	$1b
	lretl

/* void user_call(uint32_t eip, uint32_t cs, uint32_t esp, uint32_t ss, uint32_t eflags): IRET to an outer ring; comes back by
 * a trap and catch_return. Data segments become the user's. */
	.globl user_call
user_call:
	movl	%esp, %ebp
	movl	16(%ebp), %eax
	pushl	%eax
	pushl	12(%ebp)
	pushl	20(%ebp)
	pushl	8(%ebp)
	pushl	4(%ebp)
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	iretl

/* void v86_call(const uint32_t frame[9]): eip cs eflags esp ss es ds fs gs */
	.globl v86_call
v86_call:
	movl	4(%esp), %esi
	movl	$9, %ecx
1:	pushl	-4(%esi,%ecx,4)
	loop	1b
	iretl

	.bss
	.balign 4
catch_esp:
	.skip 4
	.section .note.GNU-stack, "", @progbits
