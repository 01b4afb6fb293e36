/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes from outside while translated code runs: a kick, an interrupt, an exit that is
 * requested. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "short-code.h"
#include "unit.h"

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
	static const uint8_t direct[] = { 0xe8, 0x02, 0x00, 0x00, 0x00, 0xeb, 0xf9, 0xc3 };
	static const uint8_t pointer[] = { 0xeb, 0x01, 0xc3, 0xff, 0xd3, 0xeb, 0xfc };

	endless(jump, sizeof(jump));
	endless(indirect, sizeof(indirect));
	endless(conditional, sizeof(conditional));
	endless(call, sizeof(call));
	endless(loop, sizeof(loop));
	endless(direct, sizeof(direct));
	endless(pointer, sizeof(pointer));
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

/* Kicks when a loop has counted far. */
static void *counting_kicker(void *unused)
{
	const volatile uint32_t *count = (const volatile uint32_t *)(rig->ram + DATA);
	struct timespec t = { 0, 1000 * 1000 };

	while (*count < 1 << 20)
		nanosleep(&t, NULL);
	rig->cpu->kick(rig->cpu_self);
	return NULL;
}

/* A loop that stores ESI to DATA first, and in which CMP ECX, EDX has made the flags where it looks
 * whether an exit is requested: at `eip`, where ESI is `ahead` of what it has stored. */
static void leaves_with_flags(const uint8_t *code, size_t length, uint32_t eip, uint32_t ahead)
{
	pthread_t thread;
	uint32_t stored;

	start("window");
	state.gpr[TSR_ECX] = 1;
	state.gpr[TSR_EDX] = 2;
	state.gpr[TSR_ESI] = 1;
	pthread_create(&thread, NULL, counting_kicker, NULL);
	CU_ASSERT_EQUAL(run_code(code, length), TSR_CPU_KICKED);
	pthread_join(thread, NULL);
	memcpy(&stored, rig->ram + DATA, sizeof(stored));
	CU_ASSERT_EQUAL(after()->eip, CODE + eip);
	CU_ASSERT_EQUAL(after()->eflags & TSR_FLAGS_ARITHMETIC, 0x95);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ESI], stored + ahead);
	finish();
}

/* The loop looks before its comparison, which overwrites the flags. */
static void a_loop_that_looks_early_leaves_with_flags(void)
{
	/* clang-format off */
	static const uint8_t before_the_jump[] = {
		0x89, 0x35, 0, 0, 2, 0, /* mov [DATA], esi */
		0x39, 0xd1,             /* cmp ecx, edx */
		0x8d, 0x76, 0x01,       /* lea esi, [esi + 1] */
		0x72, 0xf3,             /* jb 0 */
	};
	static const uint8_t before_another_comparison[] = {
		0x89, 0x35, 0, 0, 2, 0, /* mov [DATA], esi */
		0x39, 0xd1,             /* cmp ecx, edx */
		0x85, 0xd2,             /* test edx, edx */
		0x8d, 0x76, 0x01,       /* lea esi, [esi + 1] */
		0x89, 0x35, 4, 0, 2, 0, /* mov [DATA + 4], esi */
		0x75, 0xeb,             /* jnz 0 */
	};
	/* clang-format on */

	leaves_with_flags(before_the_jump, sizeof(before_the_jump), 11, 1);
	leaves_with_flags(before_another_comparison, sizeof(before_another_comparison), 8, 0);
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

static void raise_the_third_time(struct rig *r)
{
	if (++writes == 3)
		raise(r);
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

/* The same for branches that translated code does: JMP and CALL, back and forth, to the same page
 * and to another. The line rises in the third round, when they are linked. */
static void branch_after_sti(const char *options, uint8_t opcode, uint32_t target)
{
	/* clang-format off */
	uint8_t code[] = {
		0xa2, 0x00, 0x00, 0x0a, 0x00, /* the line may rise while IF = 0 */
		0x85, 0xff,                   /* test edi, edi */
		0xfb, opcode, 0, 0, 0, 0,     /* sti; the branch */
	};
	uint8_t there[] = {
		0xfa, 0x8d, 0x40, 0x01,       /* cli; lea eax, [eax + 1] */
		0xe9, 0, 0, 0, 0,             /* jmp to the code */
	};
	/* clang-format on */
	uint32_t at = CODE + 0x20, behind = at + sizeof(code), frame[4];
	uint32_t on = target - behind, back = at - (target + sizeof(there));

	memcpy(code + 9, &on, sizeof(on));
	memcpy(there + 5, &back, sizeof(back));
	start(options);
	memcpy(rig->ram + target, there, sizeof(there));
	state.eip = at;
	state.gpr[TSR_EAX] = 0;
	state.gpr[TSR_EDI] = 0;
	writes = 0;
	rig->on_io = raise_the_third_time;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EAX], 2);
	memcpy(frame, rig->ram + after()->gpr[TSR_ESP], sizeof(frame));
	CU_ASSERT_EQUAL(frame[0], target);
	CU_ASSERT_EQUAL(frame[2] & (TSR_FLAG_IF | TSR_FLAG_ZF), TSR_FLAG_IF | TSR_FLAG_ZF);
	if (opcode == 0xe8)
		CU_ASSERT_EQUAL(frame[3], behind);
	CU_ASSERT_EQUAL(rig_stat(rig, opcode == 0xe8 ? "interpreted: call" : "interpreted: jmp"),
			0);
	finish();
}

static void jump_and_call_after_sti_are_translated(void)
{
	static const char *const options[] = { "", "inline", "window", "window,nobmi2" };
	static const uint32_t targets[] = { CODE, CODE + 0x100, CODE + 0x1100 };

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++)
		for (unsigned j = 0; j < sizeof(targets) / sizeof(*targets); j++) {
			branch_after_sti(options[i], 0xe8, targets[j]);
			branch_after_sti(options[i], 0xe9, targets[j]);
		}
}

/* A loop of that many rounds. Returns how often run returned TSR_CPU_WAITING. EBX counts carries
 * that came through the RDTSC. */
static unsigned rests_of(const uint8_t *code, size_t length, uint32_t rounds)
{
	enum tsr_cpu_exit exit;
	unsigned rests = 0;

	start("");
	state.gpr[TSR_ECX] = rounds;
	state.gpr[TSR_EBX] = 0;
	exit = run_code(code, length);
	while (exit == TSR_CPU_WAITING && rests++ < rounds)
		exit = rig_run(rig);
	CU_ASSERT_EQUAL(exit, TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EBX], rounds);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EAX], 12345678);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EDX], 0);
	finish();
	return rests;
}

static void guest_that_waits_for_its_clock_rests(void)
{
	/* clang-format off */
	static const uint8_t waits[] = {
		0xf3, 0x90,       /* back: pause */
		0xf9,             /* stc */
		0x0f, 0x31,       /* rdtsc */
		0x83, 0xd3, 0x00, /* adc ebx, 0 */
		0x49, 0x75, 0xf5, /* dec ecx; jnz back */
		0xfa, 0xf4,       /* cli; hlt */
	};
	static const uint8_t works[] = { /* the same without PAUSE */
		0x90, 0x90, 0xf9, 0x0f, 0x31, 0x83, 0xd3, 0x00, 0x49, 0x75, 0xf5, 0xfa, 0xf4,
	};
	static const uint8_t elsewhere[] = { /* two RDTSCs */
		0xf3, 0x90, 0xf9, 0x0f, 0x31, 0xf3, 0x90, 0x0f, 0x31, 0x83, 0xd3, 0x00, 0x49, 0x75, 0xf1,
		0xfa, 0xf4,
	};
	/* clang-format on */

	CU_ASSERT_EQUAL(rests_of(waits, sizeof(waits), 256), 0);
	CU_ASSERT_EQUAL(rests_of(waits, sizeof(waits), 257), 1);
	CU_ASSERT_EQUAL(rests_of(waits, sizeof(waits), 257 + 16 * 20), 21);
	CU_ASSERT_EQUAL(rests_of(works, sizeof(works), 1000), 0);
	CU_ASSERT_EQUAL(rests_of(elsewhere, sizeof(elsewhere), 1000), 0);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(kick_ends_any_loop),
		UNIT_ROW(kick_ends_a_loop_of_calls),
		UNIT_ROW(a_loop_that_looks_early_leaves_with_flags),
		UNIT_ROW(early_kick_is_kept),
		UNIT_ROW(device_interrupts_a_loop),
		UNIT_ROW(request_at_a_jump_back_keeps_flags),
		UNIT_ROW(sti_holds_interrupts_off_for_one_instruction),
		UNIT_ROW(interrupt_is_taken_after_iret_in_the_shadow),
		UNIT_ROW(sti_holds_interrupts_off_for_a_branch),
		UNIT_ROW(jump_and_call_after_sti_are_translated),
		UNIT_ROW(guest_that_waits_for_its_clock_rests),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt: requests", tests);
}
