/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What random programs do not reach: self-modifying code, budgets, full caches and tags, stress
 * modes, lockstep's report, dumps, statistics. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "short-code.h"
#include "unit.h"

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

/* An exchange with memory that is traced, which is done without the interpreter. */
static void exchange_overwrites_the_next_instruction(void)
{
	static const char *const options[] = { "", "inline", "window", "lockstep" };
	/* clang-format off */
	static const uint8_t code[] = {
		0x87, 0x0d, 0x06, 0x00, 0x01, 0x00, /* xchg [CODE + 6], ecx */
		0x41, 0x41, 0x41, 0x41,             /* inc ecx, four times */
		0x87, 0x05, 0x00, 0x01, 0x01, 0x00, /* xchg [CODE + 256], eax */
		0x66, 0x87, 0x35, 0x00, 0x01, 0x01, 0x00, /* xchg [CODE + 256], si */
		0xf4,
	};
	/* clang-format on */
	uint32_t now;

	for (unsigned i = 0; i < sizeof(options) / sizeof(*options); i++) {
		start(options[i]);
		state.gpr[TSR_ECX] = 0x42424242; /* inc edx, four times */
		state.gpr[TSR_EDX] = 7;
		state.gpr[TSR_EAX] = 0x12345678;
		state.gpr[TSR_ESI] = 0xaaaabbbb;
		now = 0xcafebabe;
		memcpy(rig->ram + CODE + 256, &now, sizeof(now));
		CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
		CU_ASSERT_EQUAL(after()->gpr[TSR_ECX], 0x41414141);
		CU_ASSERT_EQUAL(after()->gpr[TSR_EDX], 11);
		CU_ASSERT_EQUAL(after()->gpr[TSR_EAX], 0xcafebabe);
		CU_ASSERT_EQUAL(after()->gpr[TSR_ESI], 0xaaaa5678);
		memcpy(&now, rig->ram + CODE + 256, sizeof(now));
		CU_ASSERT_EQUAL(now, 0x1234bbbb);
		CU_ASSERT_EQUAL(rig_stat(rig, "memory commits"), 2);
		CU_ASSERT_EQUAL(rig_stat(rig, "running blocks left"), 1);
		finish();
	}
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
		UNIT_ROW(exchange_overwrites_the_next_instruction),
		UNIT_ROW(data_next_to_code_does_not_invalidate_it),
		UNIT_ROW(loop_that_patches_itself),
		UNIT_ROW(straddling_instruction_is_patched_in_the_second_page),
		UNIT_ROW(budget_is_exact),
		UNIT_ROW(full_cache_is_flushed),
		UNIT_ROW(tags_start_again),
		UNIT_ROW(single_step_ends_a_halt),
		UNIT_ROW(stress_leaves_and_comes_back),
		UNIT_ROW(lockstep_reports_the_block),
		UNIT_ROW(dump_names_instructions_and_parts),
		UNIT_ROW(dump_of_an_address_shows_its_blocks),
		UNIT_ROW(hot_blocks_get_inline_checks),
		UNIT_ROW(stats_say_what_host_code_is_for),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt", tests);
}
