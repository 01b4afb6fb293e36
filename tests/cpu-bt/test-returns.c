/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls and returns of hot code, which the host's processor does: more than its stack holds, none
 * that match, and a caller that is not there any more. */
#include <string.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "rig.h"
#include "unit.h"

#define PAGE_DIRECTORY 0x8000u
#define PAGE_TABLE 0x9000u
#define CODE 0x10000u
#define CALLER 0x11000u /* linear */
#define FRAMES 0x30000u /* where CALLER's page lies, one after the other */
#define FRAME_COUNT 5u
#define STACK 0x200000u
#define DEPTH 30000u /* more than a stack of translated code has room for */

static struct rig *rig;
static struct tsr_x86_state state;
static const char *const options[] = { "inline", "inline,nobmi2", "inline,wrap-each", "window",
				       "called" };

static void start(const char *with)
{
	rig = rig_new(true, with);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
	rig_flat(rig, &state);
	state.eip = CODE;
	state.gpr[TSR_ESP] = STACK;
}

/* EAX as it halts. */
static uint32_t result(const void *code, size_t length)
{
	rig_write(rig, CODE, code, length);
	rig->cpu->set_state(rig->cpu_self, &state, NULL);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	state.size = sizeof(state);
	rig->cpu->get_state(rig->cpu_self, &state);
	rig_free(rig);
	rig = NULL;
	return state.gpr[TSR_EAX];
}

/* The flags of DEC are live at the CALL, in the second form those of a comparison, which the check
 * of the push may overwrite. */
static void calls_nest_deeper_than_the_stack(void)
{
	/* clang-format off */
	static const uint8_t live[] = {
		0xe8, 0x01, 0x00, 0x00, 0x00,       /* call f */
		0xf4,
		0x49, 0x74, 0x06,                   /* f: dec ecx; jz end */
		0xe8, 0xf8, 0xff, 0xff, 0xff,       /* call f */
		0x40, 0xc3,                         /* inc eax; end: ret */
	};
	static const uint8_t compared[] = {
		0xe8, 0x01, 0x00, 0x00, 0x00,       /* call f */
		0xf4,
		0x49, 0x74, 0x0a,                   /* f: dec ecx; jz end */
		0x39, 0xd1, 0x89, 0x0b,             /* cmp ecx, edx; mov [ebx], ecx */
		0xe8, 0xf4, 0xff, 0xff, 0xff,       /* call f */
		0x40, 0xc3,                         /* inc eax; end: ret */
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		start(options[i]);
		state.gpr[TSR_ECX] = DEPTH;
		CU_ASSERT_EQUAL(result(live, sizeof(live)), DEPTH - 1);
		CU_ASSERT_EQUAL(state.gpr[TSR_ESP], STACK);
		start(options[i]);
		state.gpr[TSR_ECX] = DEPTH;
		state.gpr[TSR_EBX] = STACK;
		CU_ASSERT_EQUAL(result(compared, sizeof(compared)), DEPTH - 1);
		CU_ASSERT_EQUAL(state.gpr[TSR_ESP], STACK);
	}
}

static void calls_that_nothing_returns_from(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xe8, 0x01, 0x00, 0x00, 0x00,       /* call f */
		0xf4,
		0x5a, 0x40, 0x49, 0x75, 0xf5,       /* f: pop edx; inc eax; dec ecx; jnz CODE */
		0xff, 0xe2,                         /* jmp edx */
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		start(options[i]);
		state.gpr[TSR_ECX] = DEPTH;
		CU_ASSERT_EQUAL(result(code, sizeof(code)), DEPTH);
	}
}

static void returns_that_nothing_has_called(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x68, 0x0c, 0x00, 0x01, 0x00, 0xc3, /* again: push next; ret */
		0xf4, 0xf4, 0xf4, 0xf4, 0xf4, 0xf4,
		0x40, 0x49, 0x75, 0xf0, 0xf4,       /* next: inc eax; dec ecx; jnz again */
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		start(options[i]);
		state.gpr[TSR_ECX] = DEPTH;
		CU_ASSERT_EQUAL(result(code, sizeof(code)), DEPTH);
	}
}

static void put32(uint32_t gpa, uint32_t value)
{
	rig_write(rig, gpa, &value, sizeof(value));
}

/* All pages where they are, but CALLER's in the first frame; frame i has CALL CODE + 100h; ADD EAX,
 * i; RET. */
static void map_frames(void)
{
	put32(PAGE_DIRECTORY, PAGE_TABLE | 3);
	for (uint32_t i = 0; i < 1024; i++)
		put32(PAGE_TABLE + 4 * i, i << 12 | 3);
	put32(PAGE_TABLE + 4 * (CALLER >> 12), FRAMES | 3);
	for (uint32_t i = 0; i < FRAME_COUNT; i++) {
		uint8_t caller[] = { 0xe8, 0xfb, 0xf0, 0xff, 0xff, 0x83, 0xc0, (uint8_t)i, 0xc3 };

		rig_write(rig, FRAMES + (i << 12), caller, sizeof(caller));
	}
	state.cr0 |= TSR_CR0_PG;
	state.cr3 = PAGE_DIRECTORY;
}

/* Each tenth call, the function that is called puts another page in its caller's place. */
static void caller_is_mapped_elsewhere(void)
{
	/* clang-format off */
	uint8_t code[0x120] = {
		0xb9, 10 * (FRAME_COUNT - 1), 0x00, 0x00, 0x00, /* mov ecx, ... */
		0xe8, 0xf6, 0x0f, 0x00, 0x00,       /* again: call CALLER */
		0x49, 0x75, 0xf8,                   /* dec ecx; jnz again */
		0xf4,
	};
	static const uint8_t function[] = {
		0x4d, 0x75, 0x16,                   /* dec ebp; jnz end */
		0xbd, 0x0a, 0x00, 0x00, 0x00,       /* mov ebp, 10 */
		0x81, 0x05, 0x44, 0x90, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, /* add dword [its entry], 1000h */
		0x0f, 0x01, 0x3d, 0x00, 0x10, 0x01, 0x00, /* invlpg [CALLER] */
		0xc3,                               /* end: ret */
	};
	/* clang-format on */
	uint32_t sum = 0;

	memcpy(code + 0x100, function, sizeof(function));
	for (uint32_t i = 0; i + 1 < FRAME_COUNT; i++)
		sum += 9 * i + i + 1;
	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		start(options[i]);
		map_frames();
		state.gpr[TSR_EBP] = 10;
		CU_ASSERT_EQUAL(result(code, sizeof(code)), sum);
	}
}

/* What stands behind the CALL is in the same block as that. The function writes there each time. */
static void caller_is_overwritten(void)
{
	/* clang-format off */
	static const uint8_t direct[] = {
		0xb9, 40, 0x00, 0x00, 0x00,         /* mov ecx, 40 */
		0xe8, 0x08, 0x00, 0x00, 0x00,       /* again: call f */
		0x83, 0xc0, 0x00,                   /* add eax, 0 */
		0x49, 0x75, 0xf5,                   /* dec ecx; jnz again */
		0xf4, 0xf4,
		0xfe, 0x05, 0x0c, 0x00, 0x01, 0x00, /* f: inc byte [what is added] */
		0xc3,
	};
	static const uint8_t indirect[] = {
		0xb9, 40, 0x00, 0x00, 0x00,         /* mov ecx, 40 */
		0xff, 0xd2,                         /* again: call edx */
		0x83, 0xc0, 0x00,                   /* add eax, 0 */
		0x49, 0x75, 0xf8,                   /* dec ecx; jnz again */
		0xf4,
		0xfe, 0x05, 0x09, 0x00, 0x01, 0x00, /* f: inc byte [what is added] */
		0xc3,
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		start(options[i]);
		CU_ASSERT_EQUAL(result(direct, sizeof(direct)), 40 * 41 / 2);
		start(options[i]);
		state.gpr[TSR_EDX] = CODE + 14;
		CU_ASSERT_EQUAL(result(indirect, sizeof(indirect)), 40 * 41 / 2);
	}
}

/* Flags that a comparison has made are those that the function finds, and those that it leaves are
 * the ones that its caller goes on with: EAX counts both. */
static void flags_go_through_calls_and_returns(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x89, 0x0b,                         /* again: mov [ebx], ecx */
		0x83, 0xf9, 0x08,                   /* cmp ecx, 8 */
		0x89, 0x4b, 0x04,                   /* mov [ebx + 4], ecx */
		0xe8, 0x0a, 0x00, 0x00, 0x00,       /* call f */
		0x8b, 0x13,                         /* mov edx, [ebx] */
		0x83, 0xd0, 0x00,                   /* adc eax, 0 */
		0x49, 0x75, 0xeb,                   /* dec ecx; jnz again */
		0xf4, 0xf4,
		0x83, 0xd0, 0x00,                   /* f: adc eax, 0 */
		0x83, 0xf9, 0x04,                   /* cmp ecx, 4 */
		0xc3,
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		start(options[i]);
		state.gpr[TSR_EBX] = STACK + 64;
		state.gpr[TSR_ECX] = 20;
		CU_ASSERT_EQUAL(result(code, sizeof(code)), 7 + 3);
	}
}

/* PUSHes move ESP together only if one check covers them: of these the second writes to a device,
 * below the page of the first. */
static uint64_t written_below_a_page(bool translating, uint32_t *esp)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x89, 0xec, 0x51, 0x50,             /* again: mov esp, ebp; push ecx; push eax */
		0x49, 0x75, 0xf9, 0xf4,             /* dec ecx; jnz again */
	};
	/* clang-format on */
	uint64_t hash;

	rig = rig_new(translating, translating ? "window,nogroups" : "");
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
	rig_flat(rig, &state);
	state.eip = CODE;
	state.gpr[TSR_EBP] = RIG_IO_BASE + RIG_IO_LENGTH + 4;
	state.gpr[TSR_ECX] = 10;
	rig_write(rig, CODE, code, sizeof(code));
	rig->cpu->set_state(rig->cpu_self, &state, NULL);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	state.size = sizeof(state);
	rig->cpu->get_state(rig->cpu_self, &state);
	*esp = state.gpr[TSR_ESP];
	hash = rig->io_hash;
	CU_ASSERT(!translating || rig_stat(rig, "blocks in the window") > 0);
	rig_free(rig);
	rig = NULL;
	return hash;
}

static void pushes_move_esp_one_by_one(void)
{
	uint32_t expected, esp;

	CU_ASSERT_EQUAL(written_below_a_page(true, &esp), written_below_a_page(false, &expected));
	CU_ASSERT_EQUAL(esp, expected);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(calls_nest_deeper_than_the_stack),
		UNIT_ROW(calls_that_nothing_returns_from),
		UNIT_ROW(returns_that_nothing_has_called),
		UNIT_ROW(caller_is_mapped_elsewhere),
		UNIT_ROW(caller_is_overwritten),
		UNIT_ROW(flags_go_through_calls_and_returns),
		UNIT_ROW(pushes_move_esp_one_by_one),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt, calls and returns", tests);
}
