/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest that goes through much code: what of it the code cache and the jump cache hold. */
#include <string.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-state.h>

#include "rig.h"
#include "unit.h"

#define CODE 0x10000u
#define STACK 0x20000u
#define FUNCTIONS 0x100000u
#define STRIDE 64u
#define INCREMENTS 40u /* INC EAX in each function */
#define PASSES 4u

static struct rig *rig;

static const uint8_t increment[] = { 0x40 };    /* inc eax */
static const uint8_t branch[] = { 0x74, 0x00 }; /* jz to the next instruction: a block of its own */

/* Each is INCREMENTS bytes of that instruction, and RET. */
static void write_functions(uint32_t count, const uint8_t *insn, size_t length)
{
	uint8_t function[STRIDE];

	for (size_t i = 0; i < INCREMENTS; i++)
		function[i] = insn[i % length];
	memset(function + INCREMENTS, 0xc3, sizeof(function) - INCREMENTS);
	for (uint32_t i = 0; i < count; i++)
		rig_write(rig, FUNCTIONS + i * STRIDE, function, sizeof(function));
}

/* Calls each function, PASSES times; the rig is still there. */
static void run_functions_of(const char *options, uint32_t count, const uint8_t *insn,
			     size_t length)
{
	/* clang-format off */
	uint8_t code[] = {
		0xbf, PASSES, 0x00, 0x00, 0x00,     /* mov edi, PASSES */
		0xb9, 0x00, 0x00, 0x00, 0x00,       /* pass: mov ecx, FUNCTIONS */
		0xff, 0xd1,                         /* next: call ecx */
		0x83, 0xc1, STRIDE,                 /* add ecx, STRIDE */
		0x81, 0xf9, 0x00, 0x00, 0x00, 0x00, /* cmp ecx, their end */
		0x72, 0xf3,                         /* jb next */
		0x4f, 0x75, 0xeb,                   /* dec edi; jnz pass */
		0xf4,
	};
	/* clang-format on */
	uint32_t first = FUNCTIONS, end = FUNCTIONS + count * STRIDE;
	struct tsr_x86_state state;

	rig = rig_new(true, options);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
	rig_flat(rig, &state);
	state.eip = CODE;
	state.gpr[TSR_ESP] = STACK;
	state.gpr[TSR_EAX] = 0;
	memcpy(code + 6, &first, sizeof(first));
	memcpy(code + 17, &end, sizeof(end));
	rig_write(rig, CODE, code, sizeof(code));
	write_functions(count, insn, length);
	rig->cpu->set_state(rig->cpu_self, &state, NULL);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	state.size = sizeof(state);
	rig->cpu->get_state(rig->cpu_self, &state);
	CU_ASSERT_EQUAL(state.gpr[TSR_EAX], insn == increment ? PASSES * count * INCREMENTS : 0);
}

static void run_functions(const char *options, uint32_t count)
{
	run_functions_of(options, count, increment, sizeof(increment));
}

/* Code of many short instructions fills the cache before its table of instructions. */
static void dense_code_stays_in_the_cache(void)
{
	run_functions("", 8192);
	CU_ASSERT_EQUAL(rig_stat(rig, "cache flushes"), 0);
	rig_free(rig);
}

/* Blocks that a tiny cache drops all the time, compared with the interpreter. */
static void code_that_does_not_fit_is_translated_again(void)
{
	static const char *const options[] = { "tiny", "tiny,inline", "tiny,lockstep" };

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		run_functions(options[i], 1024);
		CU_ASSERT(rig_stat(rig, "cache flushes") > PASSES);
		rig_free(rig);
	}
}

/* Code that has a row for each instruction would take more for its tables than they are to have. */
static void tables_have_a_limit(void)
{
	uint64_t size;

	run_functions_of("called", 3600, branch, sizeof(branch));
	size = rig_stat(rig, "code cache: bytes");
	CU_ASSERT(rig_stat(rig, "code cache: bytes of tables") < size * 3 / 2 + 65536);
	CU_ASSERT(rig_stat(rig, "cache flushes") > 0);
	rig_free(rig);
}

/* Entries that are a multiple of 64 apart do not share a few rows of the jump cache: after the
 * first pass nearly all are there. */
static void functions_far_apart_stay_in_the_jump_cache(void)
{
	run_functions("", 4096);
	CU_ASSERT(rig_stat(rig, "look-ups") <
		  (__builtin_cpu_supports("bmi2") ? 2 : PASSES + 1) * 4096);
	rig_free(rig);
}

/* FLD1 is the x87's last instruction for each of the loads, and nothing else is special about them:
 * one row is enough, and one is the last load's, which waits for another one. */
static void operands_share_a_row(void)
{
	static const uint8_t code[] = {
		0xd9, 0xe8,       /* fld1 */
		0x8b, 0x03,       /* mov eax, [ebx] */
		0x8b, 0x0e,       /* mov ecx, [esi] */
		0x8b, 0x17,       /* mov edx, [edi] */
		0x8b, 0x45, 0x00, /* mov eax, [ebp] */
		0xf4,
	};
	struct tsr_x86_state state;

	rig = rig_new(true, "nogroups");
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
	rig_flat(rig, &state);
	state.eip = CODE;
	state.gpr[TSR_EBX] = state.gpr[TSR_ESI] = state.gpr[TSR_EDI] = state.gpr[TSR_EBP] = STACK;
	rig_write(rig, CODE, code, sizeof(code));
	rig->cpu->set_state(rig->cpu_self, &state, NULL);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(rig_stat(rig, "code cache: rows that few sites have"), 2);
	rig_free(rig);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(dense_code_stays_in_the_cache),
		UNIT_ROW(code_that_does_not_fit_is_translated_again),
		UNIT_ROW(tables_have_a_limit),
		UNIT_ROW(functions_far_apart_stay_in_the_jump_cache),
		UNIT_ROW(operands_share_a_row),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt, much code", tests);
}
