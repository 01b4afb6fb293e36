/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What random programs do not reach: self-modifying code, requests from outside, interrupts, FP
 * state around devices. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "rig.h"
#include "unit.h"

#define CODE 0x10000u
#define DATA 0x20000u

static struct rig *rig;
static struct tsr_x86_state state;

static void start(const char *options)
{
	rig = rig_new(true, options);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
	rig_flat(rig, &state);
	state.eip = CODE;
}

static enum tsr_cpu_exit run_code(const void *code, size_t length)
{
	rig_write(rig, state.eip, code, length);
	rig->cpu->set_state(rig->cpu_self, &state, NULL);
	return rig_run(rig);
}

static void finish(void)
{
	rig_free(rig);
	rig = NULL;
}

static const struct tsr_x86_state *after(void)
{
	state.size = sizeof(state);
	rig->cpu->get_state(rig->cpu_self, &state);
	return &state;
}

static void next_instruction_is_overwritten(void)
{
	static const uint8_t code[] = {
		0xc6, 0x05, 0x09, 0x00,
		0x01, 0x00, 0x42, /* mov byte [CODE + 9], 0x42: inc edx in place of inc ecx */
		0x90, 0x90, 0x41, /* inc ecx */
		0xf4,
	};

	start("");
	state.gpr[TSR_ECX] = state.gpr[TSR_EDX] = 7;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ECX], 7);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EDX], 8);
	CU_ASSERT_EQUAL(rig_stat(rig, "running blocks left"), 1);
	finish();
}

static void data_next_to_code_does_not_invalidate_it(void)
{
	static const uint8_t code[] = {
		0xb9, 0xe8, 0x03, 0x00, 0x00,       /* mov ecx, 1000 */
		0xff, 0x05, 0x00, 0x01, 0x01, 0x00, /* inc dword [CODE + 0x100] */
		0x49, 0x75, 0xf7,                   /* dec ecx; jnz */
		0xf4,
	};
	uint32_t count;

	start("");
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	memcpy(&count, rig->ram + CODE + 0x100, 4);
	CU_ASSERT_EQUAL(count, 1000);
	CU_ASSERT_EQUAL(rig_stat(rig, "blocks invalidated"), 0);
	finish();
}

/* Each round writes the immediate that it then executes: the result must be right, and translation
 * must stop at some time. */
static void loop_that_patches_itself(void)
{
	static const uint8_t code[] = {
		0xb9, 0xe8, 0x03, 0x00, 0x00,       /* mov ecx, 1000 */
		0x89, 0x0d, 0x0c, 0x00, 0x01, 0x00, /* mov [CODE + 12], ecx */
		0xb8, 0x00, 0x00, 0x00, 0x00,       /* mov eax, imm32 (patched) */
		0x01, 0xc2,                         /* add edx, eax */
		0x49, 0x75, 0xf0,                   /* dec ecx; jnz */
		0xf4,
	};

	start("");
	state.gpr[TSR_EDX] = 0;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EDX], 500500);
	CU_ASSERT(rig_stat(rig, "blocks translated") < 700);
	finish();
}

static void straddling_instruction_is_patched_in_the_second_page(void)
{
	static const uint8_t code[] = {
		0xb8, 0x11, 0x11, 0x11, 0x11,       /* mov eax, imm32: 2 bytes here, 3 there */
		0xf7, 0xc3, 0x01, 0x00, 0x00, 0x00, /* test ebx, 1 */
		0x75, 0x0a,                         /* jnz */
		0x43,                               /* inc ebx */
		0xc6, 0x05, 0x02, 0x10, 0x01, 0x00,
		0x22,       /* mov byte [0x11002], 0x22: the immediate's last */
		0xeb, 0xe9, /* again */
		0xf4,
	};

	start("");
	state.eip = CODE + 0xffe;
	state.gpr[TSR_EBX] = 0;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EAX], 0x22111111);
	finish();
}

static void *kicker(void *unused)
{
	struct timespec t = { 0, 50 * 1000 * 1000 };

	nanosleep(&t, NULL);
	rig->cpu->kick(rig->cpu_self);
	return NULL;
}

static void run_kicked(const char *options, const uint8_t *code, size_t length)
{
	pthread_t thread;

	start(options);
	state.gpr[TSR_EBX] = CODE + 2;
	state.gpr[TSR_ECX] = 1;
	state.gpr[TSR_EDX] = 2;
	pthread_create(&thread, NULL, kicker, NULL);
	CU_ASSERT_EQUAL(run_code(code, length), TSR_CPU_KICKED);
	pthread_join(thread, NULL);
}

static void endless(const uint8_t *code, size_t length)
{
	run_kicked("", code, length);
	finish();
	run_kicked("window", code, length);
	finish();
}

static void kick_ends_any_loop(void)
{
	static const uint8_t jump[] = { 0xeb, 0xfe };
	static const uint8_t indirect[] = { 0x90, 0x90, 0xff, 0xe3 };
	static const uint8_t conditional[] = { 0x39, 0xc0, 0x74, 0xfc };
	static const uint8_t call[] = { 0x89, 0xe5, 0xe8, 0x00, 0x00, 0x00,
					0x00, 0x89, 0xec, 0xeb, 0xf7 };
	static const uint8_t loop[] = { 0x31, 0xc9, 0xe2, 0xfe, 0xeb, 0xfa };

	endless(jump, sizeof(jump));
	endless(indirect, sizeof(indirect));
	endless(conditional, sizeof(conditional));
	endless(call, sizeof(call));
	endless(loop, sizeof(loop));
}

/* Calls without returns: hot code looks where the stack of its own returns is full. */
static void kick_ends_a_loop_of_calls(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x50,                         /* push eax */
		0x58,                         /* back: pop eax */
		0x39, 0xd1,                   /* cmp ecx, edx */
		0x89, 0x35, 0, 0, 2, 0,       /* mov [DATA], esi */
		0xe8, 0xf2, 0xff, 0xff, 0xff, /* call back */
	};
	/* clang-format on */

	run_kicked("window", code, sizeof(code));
	CU_ASSERT_EQUAL(after()->eip, CODE + 1);
	CU_ASSERT_EQUAL(after()->eflags & TSR_FLAGS_ARITHMETIC, 0x95);
	finish();
}

static void early_kick_is_kept(void)
{
	static const uint8_t code[] = { 0xf4 };

	start("");
	rig->cpu->kick(rig->cpu_self);
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_KICKED);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	finish();
}

static void raise(struct rig *r)
{
	r->vector = 0x40;
	r->pins->set(r->cpu_self, TSR_CPU_INTR, 1);
}

static void device_interrupts_a_loop(void)
{
	static const uint8_t code[] = {
		0xfb,                         /* sti */
		0xa2, 0x00, 0x00, 0x0a, 0x00, /* mov [0xa0000], al: the device raises its line */
		0x41, 0xeb, 0xfd,             /* inc ecx; jmp: the interrupt must come here */
	};

	start("");
	rig->on_io = raise;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->eip, 0x3000 + 16 * 0x40 + 1);
	finish();
}

static unsigned writes;

static void kick_the_third_time(struct rig *r)
{
	if (++writes == 3)
		r->cpu->kick(r->cpu_self);
}

/* The jump back finds an exit requested; the check of the store before it may have overwritten the
 * flags. */
static void jump_back_with_flags(const char *options, uint8_t jump, uint8_t pop)
{
	/* clang-format off */
	const uint8_t code[] = {
		0xeb, 0x0b,                    /* jmp over */
		0x9c, 0x58, 0x01, 0xc5, pop,   /* back: pushf; pop eax; add ebp, eax; pop eax */
		0x4f, 0x75, 0x03, 0xf4,        /* dec edi; jnz over; hlt */
		0x90, 0x90,
		0xe6, 0x80,                    /* over: out 80h, al */
		0x39, 0xd1, 0x89, 0x33,        /* cmp ecx, edx; mov [ebx], esi */
		jump, 0xea, 0xff, 0xff, 0xff,  /* call or jmp back */
		};
	/* clang-format on */

	start(options);
	state.gpr[TSR_EBP] = 0;
	state.gpr[TSR_EDI] = 5;
	state.gpr[TSR_ECX] = 1;
	state.gpr[TSR_EDX] = 2;
	state.gpr[TSR_EBX] = DATA;
	writes = 0;
	rig->on_io = kick_the_third_time;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_KICKED);
	CU_ASSERT_EQUAL(after()->eip, CODE + 19);
	CU_ASSERT_EQUAL(state.eflags & TSR_FLAGS_ARITHMETIC, 0x95);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EBP], 5 * (0x97 | (state.eflags & ~TSR_FLAGS_ARITHMETIC)));
	finish();
}

static void request_at_a_jump_back_keeps_flags(void)
{
	static const char *const options[] = { "", "inline", "window", "window,nobmi2" };

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (strcmp(options[i], "window") != 0) /* where a CALL does not look */
			jump_back_with_flags(options[i], 0xe8, 0x58);
		jump_back_with_flags(options[i], 0xe9, 0x90);
	}
}

static void sti_holds_interrupts_off_for_one_instruction(void)
{
	static const uint8_t code[] = {
		0xa2, 0x00, 0x00, 0x0a, 0x00, /* the line rises while IF = 0 */
		0xfb, 0x41,                   /* sti; inc ecx */
		0xeb, 0xfe,
	};

	start("");
	state.gpr[TSR_ECX] = 0;
	rig->on_io = raise;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ECX], 1);
	finish();
}

/* ... and is taken right after that one, also where that is done without the interpreter. */
static void interrupt_is_taken_after_iret_in_the_shadow(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xa2, 0x00, 0x00, 0x0a, 0x00, /* the line rises while IF = 0 */
		0x68, 0x02, 0x02, 0x00, 0x00, /* push EFLAGS: IF */
		0x6a, 0x08,                   /* push CS */
		0x68, 27, 0x00, 0x01, 0x00,   /* push the address after IRET */
		0x8b, 0x04, 0x24,             /* mov eax, [esp]: stack and GDT must be in the MMU's table, */
		0xa1, 0x00, 0x20, 0x00, 0x00, /* mov eax, [0x2000]: or the interpreter would do it */
		0xfb, 0xcf,                   /* sti; iret */
		0x41, 0x41, 0xeb, 0xfe,       /* inc ecx; inc ecx; jmp $ */
	};
	/* clang-format on */
	uint32_t next;

	start("");
	state.gpr[TSR_ECX] = 0;
	rig->on_io = raise;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ECX], 0);
	memcpy(&next, rig->ram + after()->gpr[TSR_ESP], sizeof(next));
	CU_ASSERT_EQUAL(next, CODE + 27);
	finish();
}

/* After STI a branch is done before the interrupt is taken, whether it is taken or not, forwards or
 * back; and nothing after it is. */
static void sti_holds_interrupts_off_for_a_branch(void)
{
	static const uint8_t branches[][2] = { { 0xeb, 0x03 }, { 0xeb, 0xf3 }, { 0x74, 0x03 },
					       { 0x74, 0xf3 }, { 0x75, 0x03 }, { 0x75, 0xf3 },
					       { 0xe2, 0x03 }, { 0xe2, 0xf3 }, { 0xe3, 0x03 },
					       { 0xe3, 0xf3 } };

	for (unsigned i = 0; i < 2 * sizeof(branches) / sizeof(*branches); i++) {
		const uint8_t *b = branches[i / 2];
		uint8_t code[] = {
			0xeb, 0x04,                   /* jmp over */
			0xfa, 0x40, 0xeb, 0xfe,       /* the branch back: cli; inc eax; jmp $ */
			0xa2, 0x00, 0x00, 0x0a, 0x00, /* over: the line rises while IF = 0 */
			0x85, 0xff,                   /* test edi, edi */
			0xfb, b[0], 0,                /* sti; the branch */
			0xfa, 0x40, 0x40,             /* cli; inc eax; inc eax */
			0xfa, 0x40, 0xeb, 0xfe,       /* the branch on: the same as back */
		};
		uint32_t next;

		code[15] = b[1] == 3 ? 3 : (uint8_t)(2 - 16);
		start("");
		state.gpr[TSR_EAX] = 0;
		state.gpr[TSR_EDI] = i & 1;
		state.gpr[TSR_ECX] = i & 1;
		rig->on_io = raise;
		CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
		CU_ASSERT_EQUAL(after()->gpr[TSR_EAX], 0);
		memcpy(&next, rig->ram + after()->gpr[TSR_ESP], sizeof(next));
		CU_ASSERT(next == CODE + 16 || next == CODE + (b[1] == 3 ? 19 : 2));
		finish();
	}
}

static void fp_state_survives_a_device(void)
{
	static const uint8_t code[] = {
		0xd9, 0xe8, 0xd9, 0xeb,                   /* fld1; fldpi */
		0x0f, 0x28, 0x0d, 0x00, 0x00, 0x02, 0x00, /* movaps xmm1, [DATA] */
		0xa1, 0x00, 0x00, 0x0a, 0x00,             /* mov eax, [0xa0000] */
		0xde, 0xc1,                               /* faddp */
		0xdd, 0x1d, 0x20, 0x00, 0x02, 0x00,       /* fstp qword [DATA + 0x20] */
		0x0f, 0x29, 0x0d, 0x30, 0x00, 0x02, 0x00, /* movaps [DATA + 0x30], xmm1 */
		0xf4,
	};
	static const uint8_t bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	double sum;

	start("");
	rig_write(rig, DATA, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	memcpy(&sum, rig->ram + DATA + 0x20, 8);
	CU_ASSERT_DOUBLE_EQUAL(sum, 4.14159265358979, 1e-12);
	CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x30, bytes, 16), 0);
	finish();
}

/* FNSTENV and FLDENV leave the unit loaded; FLDENV that unmasks an exception is the interpreter's.
 */
static void environment_goes_through_the_unit(void)
{
	for (uint8_t fcw = 0x7f; fcw >= 0x7e; fcw--) {
		const uint8_t code[] = {
			0xd9, 0xe8,                               /* fld1 */
			0xd8, 0x05, 0x00, 0x00, 0x02, 0x00,       /* fadd dword [DATA] */
			0xd9, 0x35, 0x40, 0x00, 0x02, 0x00,       /* fnstenv [DATA + 0x40] */
			0xc6, 0x05, 0x40, 0x00, 0x02, 0x00, fcw,  /* mov byte [DATA + 0x40], fcw */
			0xdd, 0x1d, 0x20, 0x00, 0x02, 0x00,       /* fstp qword [DATA + 0x20] */
			0xd9, 0x25, 0x40, 0x00, 0x02, 0x00,       /* fldenv [DATA + 0x40] */
			0xd9, 0x3d, 0x20, 0x00, 0x02, 0x00,       /* fnstcw [DATA + 0x20] */
			0xd9, 0x35, 0x80, 0x00, 0x02, 0x00, 0xf4, /* fnstenv [DATA + 0x80]; hlt */
		};
		uint32_t wanted[7] = {
			0xffff0300 | fcw, 0xffff3800, 0xffff3fff, CODE + 2, 0, DATA, 0
		};

		start("");
		CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
		wanted[4] = after()->segment[TSR_CS].selector | 5u << 16;
		wanted[6] = state.segment[TSR_DS].selector | 0xffff0000;
		CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x40, wanted, sizeof(wanted)), 0);
		CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x80, wanted, sizeof(wanted)), 0);
		CU_ASSERT_EQUAL(rig->ram[DATA + 0x20], fcw);
		CU_ASSERT_EQUAL(rig_stat(rig, "instructions interpreted") == 1, fcw == 0x7f);
		finish();
	}
}

/* With operands of 16 bits, and in real mode, the layout is another one: here FNSTENV and FLDENV of
 * 66h and of none, between which the pointers change. */
static void other_layouts_of_the_environment(void)
{
	static const uint8_t flat[] = {
		0xd8, 0x05, 0x08, 0x00, 0x02, 0x00,       /* fadd dword [DATA + 8] */
		0x66, 0xd9, 0x35, 0x40, 0x00, 0x02, 0x00, /* fnstenv [DATA + 0x40], 14 bytes */
		0xdb, 0xe3,                               /* fninit */
		0x66, 0xd9, 0x25, 0x40, 0x00, 0x02, 0x00, /* fldenv [DATA + 0x40] */
		0xd9, 0x35, 0x80, 0x00, 0x02, 0x00, 0xf4, /* fnstenv [DATA + 0x80], 28 bytes; hlt */
	};
	static const uint8_t real[] = {
		0xd8, 0x06, 0x08, 0x00,       /* fadd dword [8] */
		0x66, 0xd9, 0x36, 0x40, 0x00, /* fnstenv [0x40], 28 bytes */
		0xdb, 0xe3,                   /* fninit */
		0x66, 0xd9, 0x26, 0x40, 0x00, /* fldenv [0x40] */
		0xd9, 0x36, 0x80, 0x00, 0xf4, /* fnstenv [0x80], 14 bytes; hlt */
	};
	/* SDM volume 1, figures 8-12, 8-9, 8-10, 8-11. FDP has 16 bits after the first FLDENV. */
	static const uint16_t flat16[8] = { 0x37f, 0x41, 0xfffe, 0, 8, 8, 0x10, 0xcccc };
	static const uint32_t flat32[7] = {
		0xffff037f, 0xffff0041, 0xfffffffe, 0, 8, 8, 0xffff0010
	};
	static const uint32_t real32[7] = { 0xffff037f, 0xffff0041, 0xfffffffe, 0xffff0000,
					    0x1006,     0xffff0008, 0x2000 };
	static const uint16_t real16[8] = { 0x37f, 0x41, 0xfffe, 0, 0x1006, 8, 0x2000, 0xcccc };

	start("");
	memset(rig->ram + DATA, 0xcc, 0x100);
	CU_ASSERT_EQUAL(run_code(flat, sizeof(flat)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x40, flat16, sizeof(flat16)), 0);
	CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x80, flat32, sizeof(flat32)), 0);
	finish();

	start("");
	memset(rig->ram + DATA, 0xcc, 0x100);
	state.cr0 &= ~(uint32_t)TSR_CR0_PE;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		uint32_t base = i == TSR_CS ? CODE : DATA;

		state.segment[i] = (struct tsr_x86_segment){ .selector = (uint16_t)(base >> 4),
							     .base = base,
							     .limit = 0xffff,
							     .access = 0x93 };
	}
	rig_write(rig, CODE, real, sizeof(real));
	state.eip = 0;
	rig->cpu->set_state(rig->cpu_self, &state, NULL);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x40, real32, sizeof(real32)), 0);
	CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x80, real16, sizeof(real16)), 0);
	finish();
}

static void budget_is_exact(void)
{
	static const uint8_t code[] = { 0x41, 0xeb, 0xfd };

	start("");
	state.gpr[TSR_ECX] = 0;
	rig_write(rig, CODE, code, sizeof(code));
	rig->cpu->set_state(rig->cpu_self, &state, NULL);
	CU_ASSERT_EQUAL(rig->cpu->run(rig->cpu_self, 1001), TSR_CPU_BUDGET);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ECX], 501);
	finish();
}

/* More code than the cache holds, each piece once. */
static void full_cache_is_flushed(void)
{
	static uint8_t code[0x200000];
	size_t at = 0;

	start("");
	while (at + 32 < sizeof(code)) {
		code[at++] = 0x83; /* add dword [DATA], 1; jmp to the next */
		code[at++] = 0x05;
		memcpy(code + at, &(uint32_t){ DATA }, 4);
		at += 4;
		code[at++] = 1;
		code[at++] = 0xeb;
		code[at++] = 0x00;
	}
	code[at] = 0xf4;
	state.eip = 0x100000;
	memset(rig->ram + DATA, 0, 4);
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(*(uint32_t *)(rig->ram + DATA), at / 9);
	CU_ASSERT(rig_stat(rig, "cache flushes") > 0);
	finish();
}

/* The trap of an HLT that ran with TF wakes the processor: SDM volume 3, 17.3.1.4. */
/* Four modes take turns, but there are numbers for two tags: the third mode gets the first one's
 * number, and the first must not find the third one's code by it. The function's LODSB is inline in
 * the modes without DF, and would go upwards in the others, too. */
static void tags_start_again(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xb9, 0x64, 0x00, 0x00, 0x00,       /* mov ecx, 100 */
		0xbb, 0x40, 0x00, 0x01, 0x00,       /* mov ebx, CODE + 0x40 */
		0xfd, 0xff, 0xd3,                   /* again: std; call ebx */
		0x0f, 0x20, 0xc0, 0x0c, 0x08, 0x0f, 0x22, 0xc0, /* mov eax, cr0; or al, 8 (TS); mov cr0, eax */
		0xff, 0xd3,                         /* call ebx */
		0xfc, 0xff, 0xd3,                   /* cld; call ebx */
		0x0f, 0x06,                         /* clts */
		0xff, 0xd3,                         /* call ebx */
		0xff, 0xd3,                         /* call ebx */
		0x49, 0x75, 0xe7,                   /* dec ecx; jnz again */
		0xf4,
		[0x40] = 0xac, 0xc3,                /* lodsb; ret */
	};
	/* clang-format on */

	start("wrap");
	state.gpr[TSR_ESI] = DATA + 0x1000;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ECX], 0);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ESI], DATA + 0x1000 + 100);
	CU_ASSERT_TRUE(rig_stat(rig, "tags started again") > 50);
	finish();
}

/* A saved state, or a debugger, may say anything; the host faults on bits of MXCSR that do not
 * exist.
 */
static void bits_of_mxcsr_that_do_not_exist_are_left_out(void)
{
	static const uint8_t code[] = {
		0x0f, 0x57, 0xc0, /* xorps xmm0, xmm0 */
		0x0f, 0x58, 0xc0, /* addps xmm0, xmm0 */
		0xf4,
	};
	uint32_t mxcsr = UINT32_MAX;

	start("");
	state.cr4 |= TSR_CR4_OSFXSR;
	memcpy(state.fx + offsetof(struct tsr_x86_fx, mxcsr), &mxcsr, sizeof(mxcsr));
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	memcpy(&mxcsr, after()->fx + offsetof(struct tsr_x86_fx, mxcsr), sizeof(mxcsr));
	CU_ASSERT_EQUAL(mxcsr, 0xffff);
	finish();
}

static void single_step_ends_a_halt(void)
{
	static const uint8_t code[] = {
		0x68, 0x02, 0x01, 0x00, 0x00, /* push TF */
		0x9d,                         /* popfd */
		0xf4,                         /* hlt */
	};

	start("");
	state.gpr[TSR_ESP] = DATA;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->eip, 0x3000 + 16 * TSR_VECTOR_DB + 1);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ESP], DATA - 12);
	finish();
}

/* A branch alone in its block is taken, however often an exit is requested. */
static void stress_leaves_and_comes_back(void)
{
	static const uint8_t code[] = {
		0xb9, 0x64, 0x00, 0x00, 0x00, /* mov ecx, 100 */
		0x49,                         /* dec ecx */
		0xeb, 0x00,                   /* jmp +0: the JNZ is a block of its own */
		0x75, 0xfb,                   /* jnz dec */
		0xf4,
	};

	start("interrupts");
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ECX], 0);
	CU_ASSERT_TRUE(rig_stat(rig, "exits: look-up") >= 100);
	finish();
}

/* What is written to stderr between capture and captured. */
static FILE *captured_file;
static int kept_stderr;

static void capture(void)
{
	fflush(stderr);
	captured_file = tmpfile();
	kept_stderr = dup(STDERR_FILENO);
	dup2(fileno(captured_file), STDERR_FILENO);
}

static const char *captured(void)
{
	static char text[65536];
	size_t n;

	fflush(stderr);
	dup2(kept_stderr, STDERR_FILENO);
	close(kept_stderr);
	rewind(captured_file);
	n = fread(text, 1, sizeof(text) - 1, captured_file);
	text[n] = 0;
	fclose(captured_file);
	return text;
}

static const char *dump_of(const char *options, const void *code, size_t length)
{
	capture();
	start(options);
	CU_ASSERT_EQUAL(run_code(code, length), TSR_CPU_HALTED);
	finish();
	return captured();
}

static void lie(struct rig *r)
{
	r->lied_about = DATA;
}

static void lockstep_reports_the_block(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x01, 0x05, 0x00, 0x00, 0x02, 0x00, /* add [DATA], eax: the page is in the MMU's table */
		0xa2, 0x00, 0x00, 0x0a, 0x00,       /* mov [0xa0000], al: from here on it is looked up as another */
		0x01, 0x05, 0x00, 0x00, 0x02, 0x00, /* add [DATA], eax */
		0xf4,
	};
	/* clang-format on */
	static const char *const lines[] = { "lockstep: block at 0001000b",
					     "[20000]: 00, should be 07",
					     "EFLAGS",
					     "add [0x20000], eax",
					     "check ",
					     "access " };
	const char *text;

	capture();
	start("lockstep");
	state.gpr[TSR_EAX] = 7;
	memset(rig->ram + DATA, 0, 4);
	rig->on_io = lie;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_STOPPED);
	CU_ASSERT_TRUE(rig->stopped);
	finish();
	text = captured();
	for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(text, lines[i]));
}

static const uint8_t dumped[] = {
	0x31, 0xd2,                         /* xor edx, edx */
	0x40,                               /* inc eax */
	0x01, 0x05, 0x00, 0x00, 0x02, 0x00, /* add [DATA], eax: flags are live */
	0x75, 0x01,                         /* jnz over */
	0x90, 0xf4,                         /* over: hlt */
};

static void dump_names_instructions_and_parts(void)
{
	/* clang-format off */
	static const char *const lines[] = {
		"block at 00010000 (physical 10000)", "00010003  010500000200  add [0x20000], eax", "jnz 0x1000C",
		"0001000c  f4  hlt", "address ", "check ", "access ", "exit ", "exit stub ", "interpreter ",
		"out of line", "; runtime: check", "; runtime: chain", "; runtime: bail", ", exit stub",
	};
	/* clang-format on */
	const char *text = dump_of("dump", dumped, sizeof(dumped));

	for (unsigned i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (!strstr(text, lines[i])) {
			printf("\n  not in the dump: %s\n%s", lines[i], text);
			CU_FAIL("a line is missing");
		}
}

static void dump_of_an_address_shows_its_blocks(void)
{
	const char *text = dump_of("dump-one", dumped, sizeof(dumped));

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "block at 00010000"));
	CU_ASSERT_PTR_NULL(strstr(text, "block at 0001000c"));
	CU_ASSERT_STRING_EQUAL(dump_of("", dumped, sizeof(dumped)), "");
	capture();
	CU_ASSERT_PTR_NULL(rig_new(true, "dump-bad"));
	CU_ASSERT_PTR_NOT_NULL(strstr(captured(), "dump=here is neither"));
}

/* A loop of 100,000 turns with a load, a store and a push; then its code is changed, and it runs
 * again: the block is translated anew, and hot at once. */
static void hot_blocks_get_inline_checks(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xb9, 0xa0, 0x86, 0x01, 0x00,       /* mov ecx, 100000 */
		0xa1, 0x00, 0x00, 0x02, 0x00,       /* again: mov eax, [DATA] */
		0x40,                               /* inc eax */
		0xa3, 0x00, 0x00, 0x02, 0x00,       /* mov [DATA], eax */
		0x51, 0x5b,                         /* push ecx; pop ebx */
		0xe2, 0xf1,                         /* loop again */
		0xfe, 0x05, 0x00, 0x10, 0x02, 0x00, /* inc byte [DATA + 1000h] */
		0x80, 0x3d, 0x00, 0x10, 0x02, 0x00, 0x02, /* cmp byte [DATA + 1000h], 2 */
		0x74, 0x09,                         /* jz end */
		0xc6, 0x05, 0x0a, 0x00, 0x01, 0x00, 0x48, /* mov byte [the INC], DEC EAX */
		0xeb, 0xd4,                         /* jmp start */
		0xf4,                               /* end */
	};
	/* clang-format on */

	start("");
	memset(rig->ram + DATA, 0, 8192);
	state.gpr[TSR_ESP] = DATA + 0x800;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EAX], 0);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EBX], 1);
	CU_ASSERT(rig_stat(rig, "samples") >= 3);
	CU_ASSERT(rig_stat(rig, "blocks translated as hot") >= 2);
	finish();
	start("called");
	memset(rig->ram + DATA, 0, 8192);
	state.gpr[TSR_ESP] = DATA + 0x800;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(rig_stat(rig, "blocks translated as hot"), 0);
	finish();
}

static void add_becomes_adc(struct rig *r)
{
	rig_write(r, CODE + 14, "\x83\xd6\x00", 3);
	r->on_io = NULL;
}

/* A check has clobbered CF, which the ADD would have overwritten; but a device changes it into an
 * ADC while it is read. */
static void device_read_that_makes_dead_flags_live(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x39, 0xd8,                         /* cmp eax, ebx: CF */
		0x8b, 0x15, 0x00, 0x00, 0x02, 0x00, /* mov edx, [DATA] */
		0x8b, 0x0d, 0x00, 0x00, 0x0a, 0x00, /* mov ecx, [0xa0000] */
		0x83, 0xc6, 0x01,                   /* add esi, 1; becomes adc esi, 0 */
		0x0f, 0x92, 0xc2,                   /* setc dl */
		0xf4,
	};
	/* clang-format on */

	start("inline");
	state.gpr[TSR_EAX] = 1;
	state.gpr[TSR_EBX] = 2;
	state.gpr[TSR_ESI] = 0xffffffff;
	rig->on_io = add_becomes_adc;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ESI], 0);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EDX] & 0xff, 1);
	CU_ASSERT_EQUAL(rig_stat(rig, "running blocks left"), 1);
	finish();
}

static void add_4_becomes_adc_4(struct rig *r)
{
	rig_write(r, CODE + 4, "\x83\xd6\x04", 3);
	r->on_io = NULL;
}

/* Runs a loop in the window whose last round loads from the last address in `at`, a device's, which
 * changes the ADD ESI, 4 that follows; its CF has to be set then. */
static void run_to_the_device(const uint8_t *code, size_t length, const uint32_t *at, size_t bytes,
			      void (*on_io)(struct rig *r))
{
	memcpy(rig->ram + DATA, at, bytes);
	state.gpr[TSR_ESI] = DATA;
	rig->on_io = on_io;
	CU_ASSERT_EQUAL(run_code(code, length), TSR_CPU_HALTED);
	CU_ASSERT(rig_stat(rig, "blocks in the window") > 0);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ESI], DATA + bytes + 1);
	finish();
}

/* A loop in the window: the flags that a check clobbers are those that the round before has made,
 * by a comparison of a register that has another value meanwhile. The last round reads a device,
 * which changes the ADD into an ADC. */
static void loop_whose_flags_come_from_a_register_that_changes(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x8b, 0x3e,                         /* again: mov edi, [esi] */
		0x8b, 0x07,                         /* mov eax, [edi] */
		0x83, 0xc6, 0x04,                   /* add esi, 4; becomes adc esi, 4 */
		0x81, 0xff, 0x00, 0x00, 0x05, 0x00, /* cmp edi, 0x50000: CF */
		0x72, 0xf1,                         /* jb again */
		0xf4,
	};
	/* clang-format on */
	static const uint32_t at[] = { DATA + 0x100, DATA + 0x100, DATA + 0x100,
				       DATA + 0x100, DATA + 0x100, RIG_IO_BASE };

	start("window");
	run_to_the_device(code, sizeof(code), at, sizeof(at), add_4_becomes_adc_4);
}

/* The same, where no comparison can make the flags again: DEC leaves CF as CMP has made it. */
static void loop_whose_flags_come_from_two_instructions(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x8b, 0x3e,                         /* again: mov edi, [esi] */
		0x8b, 0x07,                         /* mov eax, [edi] */
		0x83, 0xc6, 0x04,                   /* add esi, 4; becomes adc esi, 4 */
		0x81, 0xff, 0x00, 0x00, 0x05, 0x00, /* cmp edi, 0x50000: CF */
		0x49,                               /* dec ecx */
		0x75, 0xf0,                         /* jnz again */
		0xf4,
	};
	/* clang-format on */
	static const uint32_t at[] = { DATA + 0x100, DATA + 0x100, DATA + 0x100,
				       DATA + 0x100, DATA + 0x100, RIG_IO_BASE };

	start("window");
	state.gpr[TSR_ECX] = 6;
	run_to_the_device(code, sizeof(code), at, sizeof(at), add_4_becomes_adc_4);
}

static void add_4_becomes_adc_4_hlt(struct rig *r)
{
	rig_write(r, CODE + 4, "\x83\xd6\x04\xf4", 4);
	r->on_io = NULL;
}

/* CF is clear until the last round but one has set it: the flags that a check in the last one
 * clobbers are not those that the loop began with. */
static void loop_whose_last_round_but_one_sets_the_carry(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x8b, 0x3e,       /* again: mov edi, [esi] */
		0x8b, 0x07,       /* mov eax, [edi] */
		0x83, 0xc6, 0x04, /* add esi, 4; becomes adc esi, 4; hlt */
		0x01, 0xeb,       /* add ebx, ebp: CF in the fourth round */
		0x75, 0xf5,       /* jnz again */
		0xf4,
	};
	/* clang-format on */
	static const uint32_t at[] = { DATA + 0x100, DATA + 0x100, DATA + 0x100, DATA + 0x100,
				       RIG_IO_BASE };

	start("window");
	state.gpr[TSR_EBX] = 0;
	state.gpr[TSR_EBP] = 0x50000000;
	run_to_the_device(code, sizeof(code), at, sizeof(at), add_4_becomes_adc_4_hlt);
}

struct string_case {
	uint32_t esi, edi, ecx;
};

/* REP MOVS or STOS twice, the second time with the pages in the tables. The program compares
 * before, so that flags are seen to stay. */
static void run_string(const char *options, bool translating, const uint8_t *insn,
		       const struct string_case *c, struct tsr_x86_state *out, uint8_t *memory)
{
	uint8_t code[32] = { 0x60, 0x39, 0xd8 }, length = 3; /* pusha; cmp eax, ebx */
	const uint8_t again[] = { 0x61, 0x60, 0x39, 0xd8 };  /* popa; pusha; cmp */

	for (unsigned turn = 0; turn < 2; turn++) {
		memcpy(code + length, insn, 3);
		length += 3;
		if (!turn)
			memcpy(code + length, again, sizeof(again));
		length += turn ? 0 : sizeof(again);
	}
	code[length++] = 0xf4;
	rig = rig_new(translating, options);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
	rig_flat(rig, &state);
	state.eip = CODE;
	for (uint32_t i = 0; i < 0x4000; i++)
		rig->ram[DATA + i] = (uint8_t)(i * 7 + i / 256);
	state.gpr[TSR_EAX] = 0x12345678;
	state.gpr[TSR_EBX] = 0x92345678;
	state.gpr[TSR_ESP] = DATA + 0x8000;
	state.gpr[TSR_ESI] = c->esi;
	state.gpr[TSR_EDI] = c->edi;
	state.gpr[TSR_ECX] = c->ecx;
	CU_ASSERT_EQUAL(run_code(code, length), TSR_CPU_HALTED);
	*out = *after();
	memcpy(memory, rig->ram + CODE, DATA + 0x4000 - CODE);
	finish();
}

static void runs_of_strings_as_the_interpreter(void)
{
	static const uint8_t insns[][3] = { { 0xf3, 0xa4, 0x90 }, { 0xf3, 0xa5, 0x90 },
					    { 0xf3, 0x66, 0xa5 }, { 0xf2, 0xa5, 0x90 },
					    { 0xf3, 0xaa, 0x90 }, { 0xf3, 0xab, 0x90 },
					    { 0xf3, 0x66, 0xab } };
	static const struct string_case cases[] = {
		{ DATA, DATA + 0x1000, 0 },
		{ DATA, DATA + 0x1000, 1 },
		{ DATA + 3, DATA + 0x1001, 100 },
		{ DATA, DATA + 0x1000, 0x400 },     /* a page of doublewords */
		{ DATA + 4, DATA + 0x1000, 0x400 }, /* runs out of it */
		{ DATA, DATA + 0x1004, 0x400 },
		{ DATA + 0x10, DATA + 0x12, 50 }, /* overlaps */
		{ DATA + 0x12, DATA + 0x10, 50 },
		{ DATA + 0xff0, DATA + 0x1ff0, 16 }, /* to the end, or past it */
		{ DATA + 0xfff, DATA + 0x1fff, 1 },
		{ DATA, CODE + 0x100, 20 }, /* a traced page */
		{ 0xffffff00, DATA, 0x40 }, /* no memory there */
	};
	static uint8_t is[DATA + 0x4000 - CODE], should[DATA + 0x4000 - CODE];
	struct tsr_x86_state a, b;

	for (unsigned k = 0; k < sizeof(insns) / sizeof(*insns); k++)
		for (unsigned n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
			run_string("", true, insns[k], &cases[n], &a, is);
			run_string("", false, insns[k], &cases[n], &b, should);
			CU_ASSERT_FALSE(memcmp(a.gpr, b.gpr, sizeof(a.gpr)));
			CU_ASSERT_EQUAL(a.eflags, b.eflags);
			CU_ASSERT_FALSE(memcmp(is, should, sizeof(is)));
		}
	start("");
	state.gpr[TSR_ECX] = 4;
	state.gpr[TSR_ESI] = DATA;
	state.gpr[TSR_EDI] = DATA + 64;
	CU_ASSERT_EQUAL(run_code("\xa5\x4f\x4f\x4f\x4f\xf3\xa5\xf4", 8), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(rig_stat(rig, "string helpers"), 0); /* the MOVSD has filled the table */
	finish();
}

static void sum_parts(void *user, const char *name, uint64_t value)
{
	uint64_t *sum = user;

	if (!strncmp(name, "host bytes: ", 12))
		*sum += value;
}

static void stats_say_what_host_code_is_for(void)
{
	uint64_t sum = 0;

	start("");
	CU_ASSERT_EQUAL(run_code(dumped, sizeof(dumped)), TSR_CPU_HALTED);
	rig->cpu->stats(rig->cpu_self, sum_parts, &sum);
	CU_ASSERT_EQUAL(sum, rig_stat(rig, "host bytes emitted"));
	CU_ASSERT(rig_stat(rig, "host bytes: access") > 0);
	CU_ASSERT_EQUAL(rig_stat(rig, "host bytes for 100 guest bytes"),
			100 * sum / rig_stat(rig, "guest bytes translated"));
	finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(next_instruction_is_overwritten),
		UNIT_ROW(data_next_to_code_does_not_invalidate_it),
		UNIT_ROW(loop_that_patches_itself),
		UNIT_ROW(straddling_instruction_is_patched_in_the_second_page),
		UNIT_ROW(kick_ends_any_loop),
		UNIT_ROW(kick_ends_a_loop_of_calls),
		UNIT_ROW(early_kick_is_kept),
		UNIT_ROW(device_interrupts_a_loop),
		UNIT_ROW(request_at_a_jump_back_keeps_flags),
		UNIT_ROW(sti_holds_interrupts_off_for_one_instruction),
		UNIT_ROW(interrupt_is_taken_after_iret_in_the_shadow),
		UNIT_ROW(sti_holds_interrupts_off_for_a_branch),
		UNIT_ROW(fp_state_survives_a_device),
		UNIT_ROW(environment_goes_through_the_unit),
		UNIT_ROW(other_layouts_of_the_environment),
		UNIT_ROW(budget_is_exact),
		UNIT_ROW(full_cache_is_flushed),
		UNIT_ROW(tags_start_again),
		UNIT_ROW(bits_of_mxcsr_that_do_not_exist_are_left_out),
		UNIT_ROW(single_step_ends_a_halt),
		UNIT_ROW(stress_leaves_and_comes_back),
		UNIT_ROW(lockstep_reports_the_block),
		UNIT_ROW(dump_names_instructions_and_parts),
		UNIT_ROW(dump_of_an_address_shows_its_blocks),
		UNIT_ROW(hot_blocks_get_inline_checks),
		UNIT_ROW(device_read_that_makes_dead_flags_live),
		UNIT_ROW(loop_whose_flags_come_from_a_register_that_changes),
		UNIT_ROW(loop_whose_flags_come_from_two_instructions),
		UNIT_ROW(loop_whose_last_round_but_one_sets_the_carry),
		UNIT_ROW(runs_of_strings_as_the_interpreter),
		UNIT_ROW(stats_say_what_host_code_is_for),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt", tests);
}
