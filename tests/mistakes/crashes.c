/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ends a process, at each place from which the core calls. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bad.h"

static bool follow_nothing(struct bad *bad, struct tsr_error *error)
{
	volatile int *volatile nothing = NULL;

	*nothing = 1;
	return true;
}

/* The crash itself is in libc. */
static bool copy_to_nothing(struct bad *bad, struct tsr_error *error)
{
	volatile uintptr_t nothing = 8;

	memmove((void *)nothing, bad->host->name, strlen(bad->host->name));
	return true;
}

static bool call_nothing(struct bad *bad, struct tsr_error *error)
{
	void (*volatile nothing)(void) = NULL;

	nothing();
	return true;
}

static bool abort_all(struct bad *bad, struct tsr_error *error)
{
	abort();
}

static bool divide_by_zero(struct bad *bad, struct tsr_error *error)
{
	volatile int zero = 0;

	__asm__ volatile("idivl %0" : : "m"(zero), "a"(1), "d"(0) : "cc");
	return true;
}

static bool illegal_instruction(struct bad *bad, struct tsr_error *error)
{
	__builtin_trap();
}

static bool bus_error(struct bad *bad, struct tsr_error *error)
{
	raise(SIGBUS);
	return true;
}

/* No tail call: each level keeps its array. */
static unsigned recurse(unsigned depth)
{
	volatile char kept[4096];

	kept[depth % sizeof(kept)] = (char)depth;
	return recurse(depth + 1) + (unsigned)kept[depth % 7];
}

static bool endless_recursion(struct bad *bad, struct tsr_error *error)
{
	return recurse(0) != 0;
}

static bool free_twice(struct bad *bad, struct tsr_error *error)
{
	char *volatile memory = malloc(100);
	char *volatile again = memory;

	free(memory);
	free(again);
	return true;
}

static bool exit_0(struct bad *bad, struct tsr_error *error)
{
	exit(0);
}

const struct mistake crashes[] = {
	{ "crash-in-constructor", CONSTRUCTOR, follow_nothing },
	{ "crash-in-attach", ATTACH, follow_nothing },
	{ "crash-in-realize", REALIZE, follow_nothing },
	{ "crash-in-reset", RESET, follow_nothing },
	{ "crash-in-write", WRITE, follow_nothing },
	{ "crash-in-save", SAVE, follow_nothing },
	{ "crash-in-work", WORK, follow_nothing },
	{ "crash-in-done", DONE, follow_nothing },
	{ "crash-in-timer", TIMER, follow_nothing },
	{ "crash-in-changed", CHANGED, follow_nothing },
	{ "crash-in-detach", DETACH, follow_nothing },
	{ "crash-in-libc", WRITE, copy_to_nothing },
	{ "call-nothing", WRITE, call_nothing },
	{ "abort", ATTACH, abort_all },
	{ "divide-by-zero", WRITE, divide_by_zero },
	{ "illegal-instruction", WRITE, illegal_instruction },
	{ "bus-error", WRITE, bus_error },
	{ "recursion-in-attach", ATTACH, endless_recursion },
	{ "recursion-in-write", WRITE, endless_recursion },
	{ "free-twice", WRITE, free_twice },
	{ "exit-in-constructor", CONSTRUCTOR, exit_0 },
	{ "exit-in-attach", ATTACH, exit_0 },
	{ "exit-in-write", WRITE, exit_0 },
	{ "exit-in-work", WORK, exit_0 },
	{ NULL, 0, NULL },
};
