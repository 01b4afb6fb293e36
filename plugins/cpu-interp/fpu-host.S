/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls of thunks (one guest instruction and a RET) on the host's floating-point unit. The host's own MXCSR comes back
 * afterwards; the x87 unit is left as the ABI wants it, empty and masked. The compiler keeps nothing in either across a call.
 */
	.text

/*
 * void fpu_host_fx(void *fx, const void *thunk, void *memory, uint32_t regs[2]): all of the FXSAVE image at fx, 16-aligned;
 * regs: EAX and the arithmetic flags in the form of flags.h.
 */
	.globl fpu_host_fx
	.hidden fpu_host_fx
	.type fpu_host_fx, @function
fpu_host_fx:
	pushq %rbx
	pushq %rbp
	subq $24, %rsp
	movq %rdi, %rbx
	movq %rcx, %rbp
	stmxcsr (%rsp)
	fninit
	fxrstor64 (%rbx)
	movq %rdx, %rdi
	movl 4(%rbp), %eax
	addb $0x7f, %al
	sahf
	movl (%rbp), %eax
	call *%rsi
	movl %eax, (%rbp)
	lahf
	seto %al
	movl %eax, 4(%rbp)
	fxsave64 (%rbx)
	fninit
	ldmxcsr (%rsp)
	addq $24, %rsp
	popq %rbp
	popq %rbx
	ret
	.size fpu_host_fx, . - fpu_host_fx

/* void fpu_host_sse(struct sse_frame *frame, const void *thunk): frame as in sse.c */
	.globl fpu_host_sse
	.hidden fpu_host_sse
	.type fpu_host_sse, @function
fpu_host_sse:
	pushq %rbx
	subq $16, %rsp
	movq %rdi, %rbx
	stmxcsr (%rsp)
	ldmxcsr 52(%rbx)
	movaps (%rbx), %xmm0
	movaps 16(%rbx), %xmm1
	leaq 32(%rbx), %rdi
	movl 48(%rbx), %eax
	call *%rsi
	movl %eax, 48(%rbx)
	lahf
	seto %al
	movl %eax, 56(%rbx)
	movaps %xmm0, (%rbx)
	movaps %xmm1, 16(%rbx)
	stmxcsr 52(%rbx)
	ldmxcsr (%rsp)
	addq $16, %rsp
	popq %rbx
	ret
	.size fpu_host_sse, . - fpu_host_sse

	.section .note.GNU-stack, "", @progbits
