/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs of string instructions do what the interpreter does. */
#include <string.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "short-code.h"
#include "unit.h"

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

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(runs_of_strings_as_the_interpreter),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt: strings", tests);
}
