/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loops that look up elements of a table by an index that is known to be small, or only looks as if
 * it were: the interpreter and code in the window get the same. Tables end within a page, at its
 * end, and behind it, where a device is. */
#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "rig.h"
#include "unit.h"

#define PAGE_DIRECTORY 0x8000u
#define LARGE_PAGE 0x83u /* present, writable, 4 MiB */
#define CODE 0x10000u
#define HIGH 0xc0000000u /* linear; there RAM is once more */
#define STACK 0x200000u
#define ROUNDS 1030u
#define PATTERN_START 0x9d000u

/* The index is made of ECX, the round; then an instruction up to its displacement, the table. `end`
 * is how many bytes behind the table's start its last element ends. */
struct row {
	const char *name;
	uint8_t code[16];
	unsigned length;
	uint32_t end;
};

/* clang-format off */
static const struct row rows[] = {
	{ "movzx eax, cl; mov edx, [eax*4 + table]", { 0x0f, 0xb6, 0xc1, 0x8b, 0x14, 0x85 }, 6, 1024 },
	{ "movzx eax, cl; mov edx, [eax + table]", { 0x0f, 0xb6, 0xc1, 0x8b, 0x90 }, 5, 259 },
	{ "movzx eax, cl; mov dl, [eax*8 + table]", { 0x0f, 0xb6, 0xc1, 0x8a, 0x14, 0xc5 }, 6, 2041 },
	{ "movzx ebx, ch; add [ebx*4 + table], ecx", { 0x0f, 0xb6, 0xdd, 0x01, 0x0c, 0x9d }, 6, 20 },
	{ "mov eax, ecx; and eax, 127; xor edx, [eax*8 + table]", { 0x89, 0xc8, 0x83, 0xe0, 0x7f, 0x33, 0x14, 0xc5 }, 8, 1020 },
	{ "mov eax, ecx; and eax, -1; mov edx, [eax + table]", { 0x89, 0xc8, 0x83, 0xe0, 0xff, 0x8b, 0x90 }, 7, ROUNDS + 3 },
	{ "mov eax, ecx; and eax, 1ffh; mov edx, [eax + table]", { 0x89, 0xc8, 0x25, 0xff, 0x01, 0x00, 0x00, 0x8b, 0x90 }, 9, 515 },
	{ "mov ebx, ecx; and ebx, 3ffh; add [ebx*2 + table], cl", { 0x89, 0xcb, 0x81, 0xe3, 0xff, 0x03, 0x00, 0x00, 0x00, 0x0c, 0x5d }, 11, 2047 },
	{ "imul eax, ecx, 9e3779b1h; shr eax, 23; mov edx, [eax*2 + table]",
	  { 0x69, 0xc1, 0xb1, 0x79, 0x37, 0x9e, 0xc1, 0xe8, 0x17, 0x8b, 0x14, 0x45 }, 12, 1026 },
	/* not small */
	{ "mov eax, ecx; ror eax, 23; mov edx, [eax + table]", { 0x89, 0xc8, 0xc1, 0xc8, 0x17, 0x8b, 0x90 }, 7, 515 },
	{ "mov eax, ecx; add eax, 127; mov edx, [eax + table]", { 0x89, 0xc8, 0x83, 0xc0, 0x7f, 0x8b, 0x90 }, 7, ROUNDS + 130 },
	{ "mov ebx, ecx; shl ebx, 9; movzx eax, cl; mov edx, [ebx + eax*4 + table]",
	  { 0x89, 0xcb, 0xc1, 0xe3, 0x09, 0x0f, 0xb6, 0xc1, 0x8b, 0x94, 0x83 }, 11, 1024 },
	{ "mov ebx, ecx; shl ebx, 6; movzx bx, cl; mov edx, [ebx + table]",
	  { 0x89, 0xcb, 0xc1, 0xe3, 0x06, 0x66, 0x0f, 0xb6, 0xd9, 0x8b, 0x93 }, 11, 259 },
	/* a register that changes after it was small */
	{ "movzx eax, cl; inc eax; mov edx, [eax*4 + table]", { 0x0f, 0xb6, 0xc1, 0x40, 0x8b, 0x14, 0x85 }, 7, 1028 },
	{ "movzx eax, cl; mov ah, 1; mov edx, [eax*4 + table]", { 0x0f, 0xb6, 0xc1, 0xb4, 0x01, 0x8b, 0x14, 0x85 }, 8, 2048 },
	{ "movzx eax, cl; xchg eax, ecx; xchg ecx, eax; mov edx, [eax + table]", { 0x0f, 0xb6, 0xc1, 0x91, 0x91, 0x8b, 0x90 }, 7, 259 },
	{ "movzx eax, cl; push ecx; pop eax; mov edx, [eax + table]", { 0x0f, 0xb6, 0xc1, 0x51, 0x58, 0x8b, 0x90 }, 7, ROUNDS + 3 },
	{ "movzx eax, cl; pusha; mov [esp + 28], ecx; popa; mov edx, [eax + table]",
	  { 0x0f, 0xb6, 0xc1, 0x60, 0x89, 0x4c, 0x24, 0x1c, 0x61, 0x8b, 0x90 }, 11, ROUNDS + 3 },
};
/* clang-format on */

/* ECX counts rounds; what they load is mixed in ESI. One block that jumps back to its start, before
 * which its operand can be checked, ends with JNE; else the operand is checked in each round. */
static unsigned assemble(const struct row *row, uint32_t table, bool loop, uint8_t *code)
{
	static const uint8_t mix[] = { 0x01, 0xd6, 0xd1, 0xc6, 0x41, 0x81, 0xf9 };
	unsigned at = row->length;
	uint32_t rounds = ROUNDS, back;

	memcpy(code, row->code, at);
	memcpy(code + at, &table, 4);
	at += 4;
	memcpy(code + at, mix, sizeof(mix)); /* add esi, edx; rol esi, 1; inc ecx; cmp ecx, ... */
	at += sizeof(mix);
	memcpy(code + at, &rounds, 4);
	at += 4;
	code[at++] = loop ? 0x0f : 0x74; /* jne; or je behind the jmp */
	code[at++] = loop ? 0x85 : 5;
	if (!loop)
		code[at++] = 0xe9;
	back = 0u - (at + 4);
	memcpy(code + at, &back, 4);
	code[at + 4] = 0xf4;
	return at + 5;
}

static void put32(struct rig *rig, uint32_t gpa, uint32_t value)
{
	rig_write(rig, gpa, &value, sizeof(value));
}

static struct rig *run(const char *with, const uint8_t *code, unsigned length,
		       struct tsr_x86_state *state)
{
	struct rig *rig = rig_new(*with, with);

	CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
	rig_flat(rig, state);
	put32(rig, PAGE_DIRECTORY, LARGE_PAGE);
	put32(rig, PAGE_DIRECTORY + 4 * (HIGH >> 22), LARGE_PAGE);
	for (uint32_t at = PATTERN_START; at < RIG_IO_BASE; at += 4)
		put32(rig, at, at * 2654435761u);
	rig_write(rig, CODE, code, length);
	state->cr0 |= TSR_CR0_PG;
	state->cr3 = PAGE_DIRECTORY;
	state->cr4 |= TSR_CR4_PSE;
	state->eip = CODE;
	state->gpr[TSR_ESP] = STACK;
	state->gpr[TSR_EBX] = state->gpr[TSR_ECX] = state->gpr[TSR_EDX] = state->gpr[TSR_ESI] = 0;
	rig->cpu->set_state(rig->cpu_self, state, NULL);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	state->size = sizeof(*state);
	rig->cpu->get_state(rig->cpu_self, state);
	return rig;
}

static bool same(const struct row *row, uint32_t table, bool loop)
{
	struct tsr_x86_state expected, got;
	uint8_t code[64];
	unsigned length = assemble(row, table, loop, code);
	struct rig *reference = run("", code, length, &expected);
	struct rig *rig = run("window", code, length, &got);
	bool equal = !memcmp(expected.gpr, got.gpr, sizeof(got.gpr)) && expected.eip == got.eip &&
		     reference->io_reads == rig->io_reads && reference->io_hash == rig->io_hash &&
		     !memcmp(reference->ram, rig->ram, RIG_IO_BASE);

	CU_ASSERT(rig_stat(rig, "blocks in the window") > 0);
	if (!equal)
		fprintf(stderr, "%s: table at %08x\n", row->name, table);
	rig_free(reference);
	rig_free(rig);
	return equal;
}

static void tables_end_anywhere(void)
{
	static const uint32_t bases[] = { 0, HIGH };

	for (unsigned i = 0; i < 4 * sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i / 4];
		uint32_t base = bases[i % 2];
		bool loop = i & 2;

		CU_ASSERT(same(row, base + 0x9e000, loop));
		CU_ASSERT(same(row, base + RIG_IO_BASE - row->end, loop));
		CU_ASSERT(same(row, base + RIG_IO_BASE - row->end + 1, loop));
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(tables_end_anywhere),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt, tables", tests);
}
