/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decoder on memory that changes while it is read, as a worker's DMA may change it. The page of
 * the code is not readable; at each access a signal handler puts other bytes there and lets one
 * instruction of the decoder have them.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <CUnit/Basic.h>

#include "code/decode-cache.h"
#include "unit.h"

#define PAGE 4096u
#define EFLAGS_TF 0x100

/* Two instructions in the first seven bytes, which memcpy reads by one load. */
static const uint8_t programs[2][15] = {
	{ 0xb8, 0x44, 0x33, 0x22, 0x11, 0x90, 0x90 }, /* mov eax, 11223344h */
	{ 0x66, 0x81, 0xc0, 0x34, 0x12, 0x90, 0x90 }, /* add ax, 1234h */
};

static uint8_t *page;
static volatile unsigned accesses;

static void on_access(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	memcpy(page, programs[accesses++ & 1], sizeof(programs[0]));
	u->uc_mcontext.gregs[REG_EFL] |= EFLAGS_TF;
}

static void on_step(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	mprotect(page, PAGE, PROT_NONE);
	u->uc_mcontext.gregs[REG_EFL] &= ~EFLAGS_TF;
}

static void bytes_that_change_are_one_instruction(void)
{
	struct sigaction access = { .sa_sigaction = on_access, .sa_flags = SA_SIGINFO };
	struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };
	struct sigaction old_access, old_step;
	struct bt_insn known[2], found;
	struct bt_decode_cache *cache = tsr_bt_decode_cache_new();
	bool good;

	for (unsigned i = 0; i < 2; i++)
		CU_ASSERT(tsr_bt_decode_cached(cache, BT_MODE_CODE32, programs[i],
					       sizeof(programs[i]), 0, &known[i]));
	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_FATAL(page != MAP_FAILED);
	sigaction(SIGSEGV, &access, &old_access);
	sigaction(SIGTRAP, &step, &old_step);
	good = tsr_bt_decode_cached(cache, BT_MODE_CODE32, page, sizeof(programs[0]), 0, &found);
	sigaction(SIGSEGV, &old_access, NULL);
	sigaction(SIGTRAP, &old_step, NULL);
	munmap(page, PAGE);
	tsr_bt_decode_cache_free(cache);
	CU_ASSERT(accesses > 0);
	CU_ASSERT(good && (!memcmp(&found, &known[0], sizeof(found)) ||
			   !memcmp(&found, &known[1], sizeof(found))));
}

int main(void)
{
	CU_TestInfo tests[] = { UNIT_ROW(bytes_that_change_are_one_instruction),
				CU_TEST_INFO_NULL };

	return unit_run("decode", tests);
}
