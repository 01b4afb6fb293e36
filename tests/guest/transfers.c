/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control transfers between rings: gates of both sizes, inter-privilege stacks, IRET (SDM volume 3,
 * chapters 5 and 6). */
#include "guest.h"

enum {
	SEL_CALL32 = SEL_FREE,
	SEL_CALL16 = SEL_FREE + 8,
	SEL_CONFORMING = SEL_FREE + 16,
	SEL_CODE16 = SEL_FREE + 24,
	SEL_NOT_PRESENT = SEL_FREE + 32,
	SEL_RING1_CODE = SEL_FREE + 40,
	SEL_STACK16 = SEL_FREE + 48
};

static struct {
	uint32_t esp, cs, ss, param[4], return_cs, return_ss;
} seen;

/* -- Call gates */

void call_target32(void);
__asm__("	.text\n"
	"call_target32:\n"
	"	pushal\n"
	"	mov %esp, %eax\n"
	"	push %ds\n"
	"	mov $0x10, %cx\n"
	"	mov %cx, %ds\n"
	"	push %eax\n"
	"	call note_call32\n"
	"	add $4, %esp\n"
	"	pop %ds\n"
	"	popal\n"
	"	lretl $8\n");
void note_call32(const uint32_t *stack);
void note_call32(const uint32_t *stack)
{
	const uint32_t *s = stack + 8;

	seen.esp = (uint32_t)s;
	seen.return_cs = s[1];
	seen.param[0] = s[2];
	seen.param[1] = s[3];
	seen.return_ss = s[5];
	__asm__ volatile("mov %%cs, %0" : "=r"(seen.cs));
	__asm__ volatile("mov %%ss, %0" : "=r"(seen.ss));
}

static void user_calls_gate32(void)
{
	__asm__ volatile("push $0x2222\n push $0x1111\n lcall $0x43, $0\n"
			 "mov %esp, %eax\n int $0x80");
}

static void call_gate_32_copies_parameters(void)
{
	gdt[SEL_CALL32 / 8] =
		gate(SEL_CODE, (uint32_t)call_target32, ACCESS_CALL32 | ACCESS_DPL3, 2);
	unsigned vector = in_user(user_calls_gate32) - 1;

	CHECK_EQUAL("32-bit call gate returns to the user", vector, 0x80);
	CHECK_EQUAL("32-bit call gate: first parameter", seen.param[0], 0x1111);
	CHECK_EQUAL("32-bit call gate: second parameter", seen.param[1], 0x2222);
	CHECK_EQUAL("32-bit call gate: return CS", seen.return_cs & 0xffff, SEL_USER_CODE);
	CHECK_EQUAL("32-bit call gate: return SS", seen.return_ss & 0xffff, SEL_USER_DATA);
	CHECK_EQUAL("32-bit call gate: stack is ESP0 less 24 bytes", seen.esp, main_tss.esp0 - 24);
	CHECK_EQUAL("32-bit call gate: RETF n gives the parameters back", trap.eax,
		    (uint32_t)user_stack + sizeof(user_stack));
	CHECK_EQUAL("32-bit call gate: CPL 0 in the callee", seen.cs & 3, 0);
}

static void call_gate_needs_privilege(void)
{
	gdt[SEL_CALL32 / 8] = gate(SEL_CODE, (uint32_t)call_target32, ACCESS_CALL32, 2);
	unsigned vector = in_user(user_calls_gate32) - 1;

	check(vector == GP && trap.error == SEL_CALL32,
	      "call gate with DPL 0 from ring 3 is #GP(gate)", "vector %u, %x", vector, trap.error);
	gdt[SEL_CALL32 / 8] =
		gate(SEL_CODE, (uint32_t)call_target32, (ACCESS_CALL32 | ACCESS_DPL3) & ~0x80, 2);
	vector = in_user(user_calls_gate32) - 1;
	check(vector == NP && trap.error == SEL_CALL32, "call gate not present is #NP(gate)",
	      "vector %u, %x", vector, trap.error);
	gdt[SEL_CALL32 / 8] =
		gate(SEL_DATA, (uint32_t)call_target32, ACCESS_CALL32 | ACCESS_DPL3, 2);
	vector = in_user(user_calls_gate32) - 1;
	check(vector == GP && trap.error == SEL_DATA, "call gate to a data segment is #GP(segment)",
	      "vector %u, %x", vector, trap.error);
	gdt[SEL_CALL32 / 8] = gate(0, (uint32_t)call_target32, ACCESS_CALL32 | ACCESS_DPL3, 2);
	vector = in_user(user_calls_gate32) - 1;
	check(vector == GP && trap.error == 0, "call gate with a null selector is #GP(0)",
	      "vector %u, %x", vector, trap.error);
}

static void bad_inner_stacks(void)
{
	gdt[SEL_CALL32 / 8] =
		gate(SEL_CODE, (uint32_t)call_target32, ACCESS_CALL32 | ACCESS_DPL3, 2);
	/* A bad ring 0 stack would also break the delivery of the #TS: ring 1 stacks are broken
	 * here. */
	gdt[SEL_RING1_CODE / 8] = descriptor(0, 0xfffff, ACCESS_CODE | 0x20, 12);
	gdt[SEL_CALL32 / 8] =
		gate(SEL_RING1_CODE | 1, (uint32_t)call_target32, ACCESS_CALL32 | ACCESS_DPL3, 0);
	main_tss.ss1 = 0;
	main_tss.esp1 = main_tss.esp0;
	unsigned vector = in_user(user_calls_gate32) - 1;
	check(vector == TS && trap.error == 0, "null SS1 is #TS(0)", "vector %u, %x", vector,
	      trap.error);
	main_tss.ss1 = SEL_DATA;
	vector = in_user(user_calls_gate32) - 1;
	check(vector == TS && trap.error == SEL_DATA, "SS1 with RPL 0 is #TS(SS1)", "vector %u, %x",
	      vector, trap.error);
	gdt[SEL_NOT_PRESENT / 8] = descriptor(0, 0xfffff, (ACCESS_DATA | 0x20) & ~0x80, 12);
	main_tss.ss1 = SEL_NOT_PRESENT | 1;
	vector = in_user(user_calls_gate32) - 1;
	check(vector == SS && trap.error == SEL_NOT_PRESENT, "SS1 not present is #SS(SS1)",
	      "vector %u, %x", vector, trap.error);
}

/* -- Interrupts from ring 3 through 16-bit gates */

void int_target16(void);
__asm__("	.text\n	.code16\n"
	"int_target16:\n"
	"	pushal\n"
	"	pushw %ds\n"
	"	movw $0x10, %ax\n"
	"	movw %ax, %ds\n"
	"	movl %esp, int16_esp\n"
	"	movl %ss:34(%esp), %eax\n"
	"	movl %eax, int16_frame\n"
	"	movl %ss:38(%esp), %eax\n"
	"	movl %eax, int16_frame + 4\n"
	"	movw %ss:42(%esp), %ax\n"
	"	movw %ax, int16_frame + 8\n"
	"	popw %ds\n"
	"	popal\n"
	"	iretw\n"
	"	.code32\n");
uint32_t int16_esp;
uint16_t int16_frame[5]; /* IP CS FLAGS SP SS */

static void user_int_16(void)
{
	__asm__ volatile(
		"mov $0x12345678, %eax\n stc\n int $0x90\n setc %cl\n mov %esp, %edx\n int $0x80");
}

/* The interrupt's return address has 16 bits: the user's code must lie below 64 KiB of its segment.
 */
static void interrupt_gate_16_from_ring_3(void)
{
	uint32_t base = (uint32_t)user_int_16 & ~0xfffu;

	gdt[SEL_CODE16 / 8] = descriptor((uint32_t)int_target16 & ~0xfu, 0xffff, ACCESS_CODE, 0);
	gdt[SEL_FREE / 8 + 8] = descriptor(base, 0xffff, ACCESS_CODE | ACCESS_DPL3, 4);
	idt[0x90] = gate(SEL_CODE16, (uint32_t)int_target16 & 0xf, ACCESS_INT16 | ACCESS_DPL3, 0);
	extern void enter_user_16gate(void);
	unsigned vector = catch_call(enter_user_16gate) - 1;
	CHECK_EQUAL("16-bit interrupt gate from ring 3 returns", vector, 0x80);
	CHECK_EQUAL("16-bit interrupt gate: EAX survives", trap.eax, 0x12345678);
	CHECK_EQUAL("16-bit interrupt gate: CF survives", trap.ecx & 1, 1);
	CHECK_EQUAL("16-bit interrupt gate: frame of five words", int16_esp + 2 + 32,
		    main_tss.esp0 - 10);
	CHECK_EQUAL("16-bit interrupt gate: pushed CS", int16_frame[1], (SEL_FREE + 64) | 3);
	CHECK_EQUAL("16-bit interrupt gate: pushed SS", int16_frame[4], SEL_USER_DATA);
}
void enter_user_16gate(void);
void enter_user_16gate(void)
{
	uint32_t base = (uint32_t)user_int_16 & ~0xfffu;

	user_call((uint32_t)user_int_16 - base, (SEL_FREE + 64) | 3, 0x9000 & 0xffff, SEL_USER_DATA,
		  0x2);
}

/* -- INT n and its privilege */

static void user_int_privileged(void)
{
	__asm__ volatile("int $0x21");
}
static void user_int3(void)
{
	__asm__ volatile("int3");
}
static void user_into(void)
{
	__asm__ volatile("mov $0x7fffffff, %eax\n add $1, %eax\n into\n int $0x80");
}
static void user_cli(void)
{
	__asm__ volatile("cli");
}
static void user_hlt(void)
{
	__asm__ volatile("hlt");
}
static void user_out(void)
{
	__asm__ volatile("out %al, $0x80\n int $0x80");
}
static void user_popf(void)
{
	__asm__ volatile("pushl $0x3202\n popfl\n pushfl\n popl %eax\n int $0x80");
}

static void software_interrupts(void)
{
	unsigned vector = in_user(user_int_privileged) - 1;

	check(vector == GP && trap.error == 0x21 * 8 + 2,
	      "INT to a DPL 0 gate from ring 3 is #GP(vector * 8 + 2)", "%u %x", vector,
	      trap.error);
	vector = in_user(user_int3) - 1;
	check(vector == BP, "INT3 from ring 3", "vector %u", vector);
	CHECK_EQUAL("INT3 is a trap: EIP after it", ((const uint8_t *)trap.eip)[-1], 0xcc);
	vector = in_user(user_into) - 1;
	check(vector == GP && trap.error == OF * 8 + 2,
	      "INTO to a DPL 0 gate from ring 3 is #GP(34)", "%u %x", vector, trap.error);
	vector = in_user(user_cli) - 1;
	check(vector == GP && trap.error == 0, "CLI at CPL 3, IOPL 0 is #GP(0)", "%u %x", vector,
	      trap.error);
	vector = in_user(user_hlt) - 1;
	check(vector == GP && trap.error == 0, "HLT at CPL 3 is #GP(0)", "%u %x", vector,
	      trap.error);
	vector = in_user(user_popf) - 1;
	CHECK_EQUAL("POPF at CPL 3, IOPL 0 leaves IF and IOPL", trap.eax & 0x3200, 0);
}

static void io_permissions(void)
{
	unsigned vector = in_user(user_out) - 1;

	check(vector == GP && trap.error == 0, "OUT without a permission map is #GP(0)", "%u %x",
	      vector, trap.error);
	main_tss.iomap = offsetof(struct tss32, io);
	gdt[5] = descriptor((uint32_t)&main_tss, sizeof(main_tss) + 3, ACCESS_TSS32 | 2, 0);
	for (unsigned i = 0; i < sizeof(main_tss.io); i++)
		main_tss.io[i] = 0xff;
	/* The limit in TR changes with LTR only. */
	gdt[5] = descriptor((uint32_t)&main_tss, sizeof(main_tss) - 1, ACCESS_TSS32, 0);
	__asm__ volatile("ltr %0" ::"r"((uint16_t)SEL_TSS));
	vector = in_user(user_out) - 1;
	check(vector == GP && trap.error == 0, "OUT with its bit set is #GP(0)", "%u %x", vector,
	      trap.error);
	main_tss.io[15] = 0xff;
	main_tss.iomap =
		offsetof(struct tss32, io) - 1; /* port 80h: byte 16 of the map is io[15] */
	main_tss.io[15] = 0xfe;
	vector = in_user(user_out) - 1;
	check(vector == GP, "OUT past the map's end is #GP", "%u %x", vector, trap.error);
	main_tss.iomap = offsetof(struct tss32, io) - 2;
	vector = in_user(user_out) - 1;
	main_tss.io[14] = 0xfe;
	vector = in_user(user_out) - 1;
	CHECK_EQUAL("OUT with its bit clear goes through", vector, 0x80);
	main_tss.iomap = sizeof(main_tss);
}

/* -- Conforming code, far returns */

static void user_calls_conforming(void)
{
	__asm__ volatile("lcall $0x50, $conforming_target\n int $0x80\n"
			 "conforming_target: mov %cs, %eax\n lretl");
}

static void conforming_code_keeps_the_ring(void)
{
	gdt[SEL_CONFORMING / 8] = descriptor(0, 0xfffff, ACCESS_CODE | 4, 12);
	unsigned vector = in_user(user_calls_conforming) - 1;

	CHECK_EQUAL("conforming code is called from ring 3", vector, 0x80);
	CHECK_EQUAL("conforming code: CS has RPL = CPL", trap.eax & 0xffff, SEL_CONFORMING | 3);
}

static void far_return_inward(void)
{
	__asm__ volatile("pushl $0x08\n pushl $0\n lretl");
}
static void far_jump_null(void)
{
	__asm__ volatile("ljmp $0, $0");
}
static void far_jump_beyond(void)
{
	__asm__ volatile("ljmp $0xfff8, $0");
}
static void far_jump_data(void)
{
	__asm__ volatile("ljmp $0x10, $0");
}
static void iret_null(void)
{
	__asm__ volatile("pushfl\n pushl $0\n pushl $0\n iretl");
}

static void far_transfers_to_nowhere(void)
{
	unsigned vector = in_user(far_return_inward) - 1;

	check(vector == GP && trap.error == 8, "RETF to an inner ring is #GP(CS)", "%u %x", vector,
	      trap.error);
	expect("JMP far to a null selector is #GP(0)", GP, 0, far_jump_null);
	expect("JMP far beyond the GDT is #GP(selector)", GP, 0xfff8, far_jump_beyond);
	expect("JMP far to data is #GP(selector)", GP, 0x10, far_jump_data);
	expect("IRET to a null selector is #GP(0)", GP, 0, iret_null);
}

/* IRET to ring 3 nulls data segments that ring 3 may not use. */
static void user_reads_segments(void)
{
	__asm__ volatile("mov %ds, %eax\n mov %fs, %ebx\n mov %gs, %ecx\n int $0x80");
}
static void enter_with_kernel_segments(void)
{
	__asm__ volatile(
		"mov %0, %%ds\n mov %0, %%fs\n mov %1, %%gs\n"
		"pushl %2\n pushl $user_stack + 4096\n pushl $2\n pushl %3\n pushl %4\n iretl" ::
			"r"(SEL_DATA),
		"r"(SEL_USER_DATA), "r"(SEL_USER_DATA), "r"(SEL_USER_CODE),
		"r"(user_reads_segments));
}
static void outer_return_clears_segments(void)
{
	unsigned vector = catch_call(enter_with_kernel_segments) - 1;

	CHECK_EQUAL("IRET outward with kernel segments", vector, 0x80);
	CHECK_EQUAL("IRET outward nulls DS", trap.eax & 0xffff, 0);
	CHECK_EQUAL("IRET outward nulls FS", trap.ebx & 0xffff, 0);
	CHECK_EQUAL("IRET outward keeps a user GS", trap.ecx & 0xffff, SEL_USER_DATA);
}

/* What the return address makes fault has not loaded SS yet. */
static void return_beyond_the_limit(void)
{
	__asm__ volatile(
		"push %0\n push $0x1000\n push %1\n push $0x20000\n lret" ::"i"(SEL_STACK16 | 3),
		"i"(SEL_CODE16 | 3));
}

static void outer_stack_is_accessed_when_loaded(void)
{
	gdt[SEL_CODE16 / 8] = descriptor(0, 0xffff, ACCESS_CODE | ACCESS_DPL3, 0);
	gdt[SEL_STACK16 / 8] = descriptor(0, 0xffff, ACCESS_DATA | ACCESS_DPL3, 0);
	expect("RETF outward beyond the limit is #GP(0)", GP, 0, return_beyond_the_limit);
	CHECK_EQUAL("RETF outward that faults leaves SS not accessed",
		    gdt[SEL_STACK16 / 8] >> 40 & 1, 0);
}

/* An inner stack of 16 bits changes the low word of ESP only. */
void ring1_entry(void);
__asm__("	.text\n"
	"ring1_entry:\n"
	"	mov %esp, %eax\n"
	"	int $0x80\n");
static void user_interrupts_with_high_esp(void)
{
	__asm__ volatile("mov $0x71000, %esp\n int $0x31");
}

static void inner_stack_of_16_bits(void)
{
	main_tss.esp1 = (uint32_t)user_stack + sizeof(user_stack);
	main_tss.ss1 = SEL_STACK16 | 1;
	gdt[SEL_STACK16 / 8] = descriptor(0, 0xffff, ACCESS_DATA | 0x20, 0);
	gdt[SEL_RING1_CODE / 8] = descriptor(0, 0xfffff, ACCESS_CODE | 0x20, 12);
	idt[0x31] = gate(SEL_RING1_CODE | 1, (uint32_t)ring1_entry, ACCESS_INT32 | ACCESS_DPL3, 0);
	CHECK_EQUAL("interrupt to ring 1 with a stack of 16 bits",
		    in_user(user_interrupts_with_high_esp) - 1, 0x80);
	CHECK_EQUAL("a stack of 16 bits leaves the upper half of ESP", trap.eax,
		    0x70000 | ((main_tss.esp1 - 20) & 0xffff));
}

void guest_main(void)
{
	call_gate_32_copies_parameters();
	call_gate_needs_privilege();
	bad_inner_stacks();
	interrupt_gate_16_from_ring_3();
	software_interrupts();
	io_permissions();
	conforming_code_keeps_the_ring();
	far_transfers_to_nowhere();
	outer_return_clears_segments();
	outer_stack_is_accessed_when_loaded();
	inner_stack_of_16_bits();
}
