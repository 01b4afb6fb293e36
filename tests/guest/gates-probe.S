/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way into a probe, its instruction, and handlers that note what a delivery left behind. */
#include "gates.h"

	.text
/* -- Handlers: one of 16 bytes for each vector. */
	.balign 16
	.globl gate_entries
gate_entries:
	.set	vector, 0
	.rept	256
	.balign 16
	pushfl
	push	$vector
	.if	(vector == 8) || ((vector >= 10) && (vector <= 14)) || (vector == 17)
	jmp	entry_with_error
	.else
	jmp	entry
	.endif
	.set	vector, vector + 1
	.endr

entry:
	pushal
	call	note
	popal
	addl	$8, %esp
	iretl
entry_with_error:
	pushal
	call	note
	popal
	addl	$12, %esp
	iretl

/* The stack: return address, PUSHAL's 32 bytes, vector, EFLAGS, frame. CR2 cannot be read in ring 3. */
note:
	cld
	movl	36(%esp), %eax
	movl	%eax, seen
	movl	40(%esp), %eax
	movl	%eax, seen + 4
	leal	44(%esp), %eax
	movl	%eax, seen + 8
	movl	%ss, %eax
	movl	%eax, seen + 16
	movl	%cs, %eax
	movl	%eax, seen + 12
	testb	$3, %al
	jnz	1f
	movl	%cr2, %eax
	movl	%eax, seen + 20
1:	leal	44(%esp), %esi
	movl	$seen + 24, %edi
	movl	$6, %ecx
	rep movsl
	incl	seen + 48
	movl	gate_fix, %edx
	testl	%edx, %edx
	jz	2f
	leal	44(%esp), %eax
	pushl	%eax
	call	*%edx
	popl	%eax
2:	ret

/* Frames of 16 bits: notes them and ends the probe. The code segment has the ROM's base. */
	.globl entry16
entry16:
	movl	%esp, seen + 8
	movl	(%esp), %eax
	movl	%eax, seen + 24
	movl	4(%esp), %eax
	movl	%eax, seen + 28
	movl	8(%esp), %eax
	movl	%eax, seen + 32
	incl	seen + 48
	int	$0x80

/* -- void probe_enter(const struct probe *): IRET with its EIP, CS, EFLAGS, ESP and SS */
	.globl probe_enter
probe_enter:
	movl	4(%esp), %ebp
	testb	$3, 4(%ebp)
	jz	1f
	movl	16(%ebp), %eax
	pushl	%eax
	pushl	12(%ebp)
	movw	%ax, %ds
	movw	%ax, %es
	jmp	2f
1:	movl	12(%ebp), %esp
2:	pushl	8(%ebp)
	pushl	4(%ebp)
	pushl	(%ebp)
	movl	$PATTERN, %eax
	movl	$PATTERN + 1, %ebx
	xorl	%ecx, %ecx
	movl	$PATTERN + 2, %edx
	movl	$PATTERN + 3, %esi
	movl	$PATTERN + 4, %edi
	movl	$PATTERN + 5, %ebp
	iretl

/* The probe's end: notes the registers, then leaves catch_call. */
	.macro note_after
	movl	%esp, after
	movl	%eax, after + 8
	movl	%ebx, after + 12
	movl	%ecx, after + 16
	movl	%edx, after + 20
	movl	%esi, after + 24
	movl	%edi, after + 28
	movl	%ebp, after + 32
	movl	$probe_stack + 1024, %esp
	pushfl
	popl	after + 4
	.endm
	.globl probe_done, probe_leave, sysenter_target
probe_done:
	note_after
	int	$0x80
/* The same where no interrupt can be delivered to ring 0. */
probe_leave:
	note_after
	sysenter
sysenter_target:
	pushl	$0x81
	call	catch_return

/* -- Instructions. Each probe starts with its instruction. */
	.macro probe name:req, insn:vararg
	.globl \name
\name:	\insn
	jmp	probe_done
	.endm
	probe	int_90, int $0x90
	probe	int_91, int $0x91
	probe	int_92, int $0x92
	probe	int_93, int $0x93
	probe	int_94, int $0x94
	probe	int_95, int $0x95
	probe	divide, divl %ecx
	probe	divide_signed, idivl %ecx
	probe	page_read, movl PAGE_ADDRESS, %edx
	probe	page_write, movl %edx, PAGE_ADDRESS
	probe	page_fetch, jmp PAGE_ADDRESS
	.globl wait_for_interrupt
wait_for_interrupt:
	movl	seen + 48, %ecx
	jecxz	wait_for_interrupt
	jmp	probe_done

/* The task of #PF: its stack holds the error code, and is empty again when IRET leaves it. */
	.globl stack_task_body
stack_task_body:
	popl	task_error
	movl	%cr2, %eax
	movl	%eax, task_cr2
	incl	task_runs
	call	stack_task_fix
	clts
	iretl
	jmp	stack_task_body

	.bss
	.balign 16
	.globl probe_stack
probe_stack:
	.skip	1024
	.section .note.GNU-stack, "", @progbits
