/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is told of an access that the host refuses, and that what nobody handles ends the process,
 * also where another run-time system's action calls the one before it. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "calls/memory-faults.h"
#include "unit.h"

#define PAGE 4096
#define TOO_LONG 20 /* seconds */

static uint8_t *page;
static unsigned told;
static struct sigaction older;

/* The code whose faults are handled. In assembly, so that its length is known in every build: what
 * a compiler makes of it is longer with a sanitizer. */
#define STORE_LENGTH 4
void store(uint8_t *at);
__asm__(".text\n"
	".globl store\n"
	"store: movb $7, (%rdi)\n"
	"ret\n");

static bool open_page(void *self, void *info, void *context)
{
	told++;
	CU_ASSERT_PTR_EQUAL(self, &told);
	CU_ASSERT_PTR_EQUAL(((siginfo_t *)info)->si_addr, page + 5);
	return mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0;
}

static bool refuse(void *self, void *info, void *context)
{
	return false;
}

static void call_older(int number, siginfo_t *info, void *context)
{
	older.sa_sigaction(number, info, context);
}

static struct tsr_fault_handler handler_of(bool (*handle)(void *self, void *info, void *context))
{
	return (struct tsr_fault_handler){ .size = sizeof(struct tsr_fault_handler),
					   .code = (const void *)(uintptr_t)store,
					   .length = STORE_LENGTH,
					   .self = &told,
					   .handle = handle };
}

static void the_access_is_made_again(void)
{
	struct tsr_fault_handler handler = handler_of(open_page);

	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CU_ASSERT_TRUE(tsr_memory_faults_set(page, &handler));
	store(page + 5);
	CU_ASSERT_EQUAL(told, 1);
	CU_ASSERT_EQUAL(page[5], 7);
	CU_ASSERT_TRUE(tsr_memory_faults_set(page, NULL));
	munmap(page, PAGE);
}

/* In a process of its own: it ends, and not because it takes too long. */
static void check_end(bool chained)
{
	struct sigaction action = { .sa_sigaction = call_older,
				    .sa_flags = (int)(SA_SIGINFO | SA_NODEFER) };
	struct tsr_fault_handler handler = handler_of(refuse);
	pid_t child = fork();
	int status;

	if (!child) {
		alarm(TOO_LONG);
		close(STDERR_FILENO); /* a sanitizer's report */
		tsr_memory_faults_set(&handler, &handler);
		if (chained) {
			sigaction(SIGSEGV, &action, &older);
			tsr_memory_faults_set(&action, &handler);
		}
		store((uint8_t *)8);
		_exit(0);
	}
	CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
	CU_ASSERT_FALSE(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
	CU_ASSERT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void what_nobody_handles_ends_the_process(void)
{
	check_end(false);
	check_end(true);
}

static void there_is_room_for_so_many(void)
{
	static const uint8_t owners[TSR_MEMORY_FAULTS + 1];
	struct tsr_fault_handler handler = handler_of(refuse);

	for (unsigned i = 0; i < TSR_MEMORY_FAULTS; i++)
		CU_ASSERT_TRUE(tsr_memory_faults_set(&owners[i], &handler));
	CU_ASSERT_FALSE(tsr_memory_faults_set(&owners[TSR_MEMORY_FAULTS], &handler));
	CU_ASSERT_TRUE(
		tsr_memory_faults_set(&owners[3], &handler)); /* again: instead of the former */
	for (unsigned i = 0; i < TSR_MEMORY_FAULTS; i++)
		CU_ASSERT_TRUE(tsr_memory_faults_set(&owners[i], NULL));
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "the access is made again", the_access_is_made_again },
		{ "what nobody handles ends the process", what_nobody_handles_ends_the_process },
		{ "there is room for so many", there_is_room_for_so_many },
		CU_TEST_INFO_NULL,
	};

	return unit_run("memory faults", tests);
}
