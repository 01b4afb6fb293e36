/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host charges for the means that docs/decisions weighs against each other, in nanoseconds
 *for one use, the median of ROUNDS rounds. Not a test.
 *
 *	cc -O2 tests/bench/host-costs.c -o /tmp/host-costs $(pkg-config --cflags --libs gobject-2.0)
 *&& /tmp/host-costs
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include <glib-object.h>

#define ROUNDS 9
#define PAGE 4096

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* -- flags around a check that clobbers them; ten times, since the call that they stand in costs
 * more */

#define TEN(code) ".rept 10\n\t" code "\n\t.endr"

static void flags_pushf(void)
{
	__asm__ volatile(
		"lea -128(%%rsp), %%rsp\n\t" TEN("pushfq\n\tpopfq") "\n\tlea 128(%%rsp), %%rsp" ::
			: "memory", "cc");
}

static void flags_lahf(void)
{
	__asm__ volatile(TEN("lahf\n\tseto %%al\n\tadd $0x7f, %%al\n\tsahf")::: "rax", "cc");
}

static void flags_jrcxz(void)
{
	__asm__ volatile(TEN("mov $0, %%ecx\n\tjrcxz 1f\n\tud2\n1:")::: "rcx", "cc");
}

/* -- a page that is not there, found by a signal or by a branch */

static uint8_t *guarded;
static uint64_t entry;

static void on_fault(int number, siginfo_t *info, void *context)
{
	mprotect(guarded, PAGE, PROT_READ | PROT_WRITE);
}

static void fault_signal(void)
{
	mprotect(guarded, PAGE, PROT_NONE);
	*(volatile uint8_t *)guarded = 1;
}

static void protect_only(void)
{
	mprotect(guarded, PAGE, PROT_NONE);
	mprotect(guarded, PAGE, PROT_READ | PROT_WRITE);
}

static void __attribute__((noinline)) fill(void)
{
	*(volatile uint64_t *)&entry = 1;
}

static void fault_branch(void)
{
	*(volatile uint64_t *)&entry = 0;
	if (!*(volatile uint64_t *)&entry)
		fill();
}

static void map_page(void)
{
	mmap(guarded, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	*(volatile uint8_t *)guarded = 1;
}

/* -- a call of a device: through a table, with a lock, as a signal */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static GObject *object;
static guint signal_id;
static volatile unsigned handled;

static void handler(void *self, int level)
{
	handled++;
}

static void (*volatile table_handler)(void *self, int level) = handler;

static void call_table(void)
{
	table_handler(NULL, 1);
}

static void call_locked(void)
{
	pthread_mutex_lock(&mutex);
	table_handler(NULL, 1);
	pthread_mutex_unlock(&mutex);
}

static void call_signal(void)
{
	g_signal_emit(object, signal_id, 0, 1);
}

static const struct {
	const char *name;
	void (*once)(void);
	unsigned count, uses; /* of calls, and of what is measured in one */
} costs[] = {
	{ "keep flags: pushfq, popfq", flags_pushf, 1000000, 10 },
	{ "keep flags: lahf, seto; add, sahf", flags_lahf, 1000000, 10 },
	{ "branch without flags: jrcxz", flags_jrcxz, 1000000, 10 },
	{ "missing entry: branch and call", fault_branch, 1000000, 1 },
	{ "missing page: SIGSEGV and two mprotect", fault_signal, 2000, 1 },
	{ "   of which two mprotect", protect_only, 2000, 1 },
	{ "map a page anew and touch it", map_page, 2000, 1 },
	{ "call through a table", call_table, 1000000, 1 },
	{ "call through a table under a free mutex", call_locked, 1000000, 1 },
	{ "g_signal_emit with one handler", call_signal, 100000, 1 },
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(void (*once)(void), unsigned count)
{
	double ns[ROUNDS];

	for (unsigned r = 0; r < ROUNDS; r++) {
		uint64_t start = now_ns();

		for (unsigned i = 0; i < count; i++)
			once();
		ns[r] = (double)(now_ns() - start) / count;
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), compare);
	return ns[ROUNDS / 2];
}

static void nothing(void)
{
	__asm__ volatile("");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	double loop;

	sigaction(SIGSEGV, &action, NULL);
	guarded = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	object = g_object_new(G_TYPE_OBJECT, NULL);
	signal_id = g_signal_new("level", G_TYPE_OBJECT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
				 G_TYPE_NONE, 1, G_TYPE_INT);
	g_signal_connect(object, "level", G_CALLBACK(handler), NULL);
	loop = median(nothing, 1000000);
	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++)
		printf("%-42s %10.1f ns\n", costs[i].name,
		       (median(costs[i].once, costs[i].count) - loop) / costs[i].uses);
	return 0;
}
