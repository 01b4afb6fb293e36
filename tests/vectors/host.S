/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vectors_host_run(struct host_run *r, const void *code): everything of the guest is loaded, RSP too, code runs, and every way
 * out of it ends in vectors_host_back. R15 is r, R14 what the way out put there; no 32-bit instruction can touch them.
 */
	.text
	.globl vectors_host_run
	.type vectors_host_run, @function
vectors_host_run:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rdi, %r15
	movq %rsi, %r13
	movq %rsp, 72(%r15)
	xorl %r14d, %r14d
	fninit
	fxrstor64 128(%r15)
	pushq 64(%r15)
	popfq
	movq 0(%r15), %rax
	movq 8(%r15), %rcx
	movq 16(%r15), %rdx
	movq 24(%r15), %rbx
	movq 32(%r15), %rsp
	movq 40(%r15), %rbp
	movq 48(%r15), %rsi
	movq 56(%r15), %rdi
	jmp *%r13
	.size vectors_host_run, . - vectors_host_run

	.globl vectors_host_back
	.type vectors_host_back, @function
vectors_host_back:
	movq %rax, 0(%r15)
	movq %rcx, 8(%r15)
	movq %rdx, 16(%r15)
	movq %rbx, 24(%r15)
	movq %rsp, 32(%r15)
	movq %rbp, 40(%r15)
	movq %rsi, 48(%r15)
	movq %rdi, 56(%r15)
	movq 72(%r15), %rsp
	pushfq
	popq 64(%r15)
	pushq $2
	popfq
	movq %r14, 80(%r15)
	fxsave64 128(%r15)
	fninit
	pushq $0x1f80
	ldmxcsr (%rsp)
	addq $8, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret
	.size vectors_host_back, . - vectors_host_back
	.section .note.GNU-stack, "", @progbits
