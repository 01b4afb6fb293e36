/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jumps from one page to another, in hot blocks: direct ones are linked, indirect ones are found in
 * a map of targets. Neither must lead to code that is not there any more. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "rig.h"
#include "unit.h"

#define PAGE_DIRECTORY 0x8000u
#define PAGE_TABLE 0x9000u
#define CODE 0x10000u
#define FUNCTION 0x11000u /* linear */
#define STACK 0x20800u
#define FRAMES 0x30000u /* where FUNCTION's page lies, one after the other */
#define FRAME_COUNT 30u
#define CALLS 10u /* in each frame */

static struct rig *rig;
static struct tsr_x86_state state;

static void start(const char *options)
{
	rig = rig_new(true, options);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
	rig_flat(rig, &state);
	state.eip = CODE;
	state.gpr[TSR_ESP] = STACK;
}

static enum tsr_cpu_exit run_code(const void *code, size_t length)
{
	rig_write(rig, CODE, code, length);
	rig->cpu->set_state(rig->cpu_self, &state, NULL);
	return rig_run(rig);
}

static uint32_t finish(void)
{
	state.size = sizeof(state);
	rig->cpu->get_state(rig->cpu_self, &state);
	rig_free(rig);
	rig = NULL;
	return state.gpr[TSR_EAX];
}

static void put32(uint32_t gpa, uint32_t value)
{
	rig_write(rig, gpa, &value, sizeof(value));
}

/* All pages where they are, but FUNCTION's in the first frame; frame i has ADD EAX, i + 1; RET. */
static void map_frames(void)
{
	put32(PAGE_DIRECTORY, PAGE_TABLE | 3);
	for (uint32_t i = 0; i < 1024; i++)
		put32(PAGE_TABLE + 4 * i, i << 12 | 3);
	put32(PAGE_TABLE + 4 * (FUNCTION >> 12), FRAMES | 3);
	for (uint32_t i = 0; i < FRAME_COUNT; i++) {
		uint8_t function[] = { 0x83, 0xc0, (uint8_t)(i + 1), 0xc3 };

		rig_write(rig, FRAMES + (i << 12), function, sizeof(function));
	}
	state.cr0 |= TSR_CR0_PG;
	state.cr3 = PAGE_DIRECTORY;
}

static void page_behind_a_link_is_another(const char *options)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xbd, FRAME_COUNT, 0x00, 0x00, 0x00,          /* mov ebp, FRAME_COUNT */
		0xb9, CALLS, 0x00, 0x00, 0x00,                /* frame: mov ecx, CALLS */
		0xe8, 0xf1, 0x0f, 0x00, 0x00,                 /* again: call FUNCTION */
		0x49, 0x75, 0xf8,                             /* dec ecx; jnz again */
		0x81, 0x05, 0x44, 0x90, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, /* add dword [its entry], 1000h */
		0x0f, 0x01, 0x3d, 0x00, 0x10, 0x01, 0x00,     /* invlpg [FUNCTION] */
		0x4d, 0x75, 0xdf,                             /* dec ebp; jnz frame */
		0xf4,
	};
	/* clang-format on */

	start(options);
	map_frames();
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(finish(), CALLS * FRAME_COUNT * (FRAME_COUNT + 1) / 2);
}

/* With the numbers of two tags, a link's tag is soon another's. */
static void page_is_mapped_elsewhere(void)
{
	page_behind_a_link_is_another("inline");
	page_behind_a_link_is_another("inline,wrap");
	page_behind_a_link_is_another("inline,nobmi2");
	page_behind_a_link_is_another("inline,nochain");
	page_behind_a_link_is_another("called");
}

/* The caller changes what the function adds, each time after ten calls. */
static void code_behind_a_link_is_overwritten(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xbd, FRAME_COUNT, 0x00, 0x00, 0x00,      /* mov ebp, FRAME_COUNT */
		0xb9, CALLS, 0x00, 0x00, 0x00,            /* frame: mov ecx, CALLS */
		0xe8, 0xf1, 0x0f, 0x00, 0x00,             /* again: call FUNCTION */
		0x49, 0x75, 0xf8,                         /* dec ecx; jnz again */
		0xfe, 0x05, 0x02, 0x10, 0x01, 0x00,       /* inc byte [its number] */
		0x4d, 0x75, 0xea,                         /* dec ebp; jnz frame */
		0xf4,
	};
	/* clang-format on */
	static const uint8_t function[] = { 0x83, 0xc0, 0x01, 0xc3 }; /* add eax, 1; ret */

	start("inline");
	rig_write(rig, FUNCTION, function, sizeof(function));
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(finish(), CALLS * FRAME_COUNT * (FRAME_COUNT + 1) / 2);
}

/* The function overwrites the instruction that it returns to. */
static void code_is_overwritten_while_it_is_returned_to(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xb9, CALLS, 0x00, 0x00, 0x00,            /* mov ecx, CALLS */
		0xe8, 0xf6, 0x0f, 0x00, 0x00,             /* again: call FUNCTION */
		0x83, 0xc0, 0x00,                         /* add eax, 0: one more each time */
		0x49, 0x75, 0xf5,                         /* dec ecx; jnz again */
		0xf4,
	};
	/* clang-format on */
	static const uint8_t function[] = { 0xfe, 0x05, 0x0c, 0x00, 0x01, 0x00, 0xc3 };

	start("inline");
	rig_write(rig, FUNCTION, function, sizeof(function)); /* inc byte [the 0]; ret */
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(finish(), CALLS * (CALLS + 1) / 2);
}

static void *kicker(void *unused)
{
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	rig->cpu->kick(rig->cpu_self);
	return NULL;
}

/* Two jumps that lead to each other's page and have no other back edge. */
static void kick_ends_a_loop_of_links(void)
{
	static const uint8_t code[] = { 0xe9, 0xfb, 0x0f, 0x00, 0x00 };     /* jmp FUNCTION */
	static const uint8_t function[] = { 0xe9, 0xfb, 0xef, 0xff, 0xff }; /* jmp CODE */
	pthread_t thread;

	start("inline");
	rig_write(rig, FUNCTION, function, sizeof(function));
	pthread_create(&thread, NULL, kicker, NULL);
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_KICKED);
	pthread_join(thread, NULL);
	finish();
}

/* -- the same by indirect jumps */

#define FILLER 0x40000u
#define FILLER_BLOCKS 4096u /* more than the small code cache holds */

static void page_behind_a_target_is_another(const char *options)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xbd, FRAME_COUNT, 0x00, 0x00, 0x00,          /* mov ebp, FRAME_COUNT */
		0xba, 0x00, 0x10, 0x01, 0x00,                 /* mov edx, FUNCTION */
		0xb9, CALLS, 0x00, 0x00, 0x00,                /* frame: mov ecx, CALLS */
		0xff, 0xd2,                                   /* again: call edx */
		0x49, 0x75, 0xfb,                             /* dec ecx; jnz again */
		0x81, 0x05, 0x44, 0x90, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, /* add dword [its entry], 1000h */
		0x0f, 0x01, 0x3d, 0x00, 0x10, 0x01, 0x00,     /* invlpg [FUNCTION] */
		0x4d, 0x75, 0xe2,                             /* dec ebp; jnz frame */
		0xf4,
	};
	/* clang-format on */

	start(options);
	map_frames();
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(finish(), CALLS * FRAME_COUNT * (FRAME_COUNT + 1) / 2);
}

/* There are more address spaces than maps; with the numbers of two tags, a map's is soon another's.
 */
static void target_is_mapped_elsewhere(void)
{
	page_behind_a_target_is_another("inline");
	page_behind_a_target_is_another("inline,wrap");
	page_behind_a_target_is_another("inline,nobmi2");
	page_behind_a_target_is_another("inline,nochain");
	page_behind_a_target_is_another("inline,notargets");
	page_behind_a_target_is_another("called");
}

/* As above; and calls find the new code without C, which would else be asked each time. */
static void target_is_overwritten(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xbd, FRAME_COUNT, 0x00, 0x00, 0x00,      /* mov ebp, FRAME_COUNT */
		0xba, 0x00, 0x10, 0x01, 0x00,             /* mov edx, FUNCTION */
		0xb9, CALLS, 0x00, 0x00, 0x00,            /* frame: mov ecx, CALLS */
		0xff, 0xd2,                               /* again: call edx */
		0x49, 0x75, 0xfb,                         /* dec ecx; jnz again */
		0xfe, 0x05, 0x02, 0x10, 0x01, 0x00,       /* inc byte [its number] */
		0x4d, 0x75, 0xed,                         /* dec ebp; jnz frame */
		0xf4,
	};
	/* clang-format on */
	static const uint8_t function[] = { 0x83, 0xc0, 0x01, 0xc3 }; /* add eax, 1; ret */

	start("inline");
	rig_write(rig, FUNCTION, function, sizeof(function));
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_TRUE(rig_stat(rig, "targets: noted in a map") > 0);
	CU_ASSERT_TRUE(rig_stat(rig, "look-ups") < CALLS * FRAME_COUNT / 2);
	CU_ASSERT_EQUAL(finish(), CALLS * FRAME_COUNT * (FRAME_COUNT + 1) / 2);
}

/* Between its calls, code runs that fills the cache more than once. */
static void cache_is_flushed_between_calls(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xb9, CALLS, 0x00, 0x00, 0x00,            /* mov ecx, CALLS */
		0xba, 0x00, 0x10, 0x01, 0x00,             /* mov edx, FUNCTION */
		0xbb, 0x00, 0x00, 0x04, 0x00,             /* mov ebx, FILLER */
		0xff, 0xd2, 0xff, 0xd3,                   /* again: call edx; call ebx */
		0x49, 0x75, 0xf9,                         /* dec ecx; jnz again */
		0xf4,
	};
	/* clang-format on */
	static const uint8_t function[] = { 0x83, 0xc0, 0x01, 0xc3 }; /* add eax, 1; ret */
	static const uint8_t block[] = { 0x40, 0xeb, 0x00 };          /* inc eax; jmp to the next */
	static uint8_t filler[FILLER_BLOCKS * sizeof(block) + 1];

	for (unsigned i = 0; i < FILLER_BLOCKS; i++)
		memcpy(filler + i * sizeof(block), block, sizeof(block));
	filler[sizeof(filler) - 1] = 0xc3; /* ret */
	start("inline,tiny");
	rig_write(rig, FUNCTION, function, sizeof(function));
	rig_write(rig, FILLER, filler, sizeof(filler));
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_TRUE(rig_stat(rig, "cache flushes") >= CALLS);
	CU_ASSERT_EQUAL(finish(), CALLS * (FILLER_BLOCKS + 1));
}

/* A breakpoint is set at a target that is in the map. */
static void breakpoint_at_a_target(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0xb9, CALLS, 0x00, 0x00, 0x00,            /* mov ecx, CALLS */
		0xba, 0x00, 0x10, 0x01, 0x00,             /* mov edx, FUNCTION */
		0xff, 0xd2, 0x49, 0x75, 0xfb,             /* again: call edx; dec ecx; jnz again */
		0x0f, 0x23, 0xc2,                         /* mov dr0, edx */
		0xb9, 0x02, 0x00, 0x00, 0x00,             /* mov ecx, 2: G0 */
		0x0f, 0x23, 0xf9,                         /* mov dr7, ecx */
		0xff, 0xd2, 0xf4,                         /* call edx; hlt */
	};
	/* clang-format on */
	static const uint8_t function[] = { 0x83, 0xc0, 0x01, 0xc3 }; /* add eax, 1; ret */

	start("inline");
	rig_write(rig, FUNCTION, function, sizeof(function));
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(finish(), CALLS);
	CU_ASSERT_EQUAL(state.eip, 0x3000u + 16 * TSR_VECTOR_DB + 1);
}

/* Two indirect jumps to each other, both in the map. */
static void kick_ends_a_loop_of_indirect_jumps(void)
{
	static const uint8_t code[] = { 0xff, 0xe2 };     /* jmp edx: FUNCTION */
	static const uint8_t function[] = { 0xff, 0xe3 }; /* jmp ebx: CODE */
	pthread_t thread;

	start("inline");
	state.gpr[TSR_EDX] = FUNCTION;
	state.gpr[TSR_EBX] = CODE;
	rig_write(rig, FUNCTION, function, sizeof(function));
	pthread_create(&thread, NULL, kicker, NULL);
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_KICKED);
	pthread_join(thread, NULL);
	finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(page_is_mapped_elsewhere),
		UNIT_ROW(code_behind_a_link_is_overwritten),
		UNIT_ROW(code_is_overwritten_while_it_is_returned_to),
		UNIT_ROW(kick_ends_a_loop_of_links),
		UNIT_ROW(target_is_mapped_elsewhere),
		UNIT_ROW(target_is_overwritten),
		UNIT_ROW(cache_is_flushed_between_calls),
		UNIT_ROW(breakpoint_at_a_target),
		UNIT_ROW(kick_ends_a_loop_of_indirect_jumps),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt, links between pages", tests);
}
