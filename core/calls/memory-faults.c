/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See memory-faults.h. The rows are read by a signal handler in any thread, but only a thread that
 * executes a row's code matters, and while a machine runs no row of its own changes: a row that is
 * being filled in has no code yet. What nobody handles is given back to the action that was there
 * before: the faulting access is made again under it. That may be one which calls this one again,
 * as those of other run-time systems do that come later; then the next fault ends the process.
 */
#define _GNU_SOURCE /* REG_RIP */
#include "calls/memory-faults.h"

#include <signal.h>
#include <stdatomic.h>
#include <ucontext.h>

static struct row {
	_Atomic(uintptr_t) code; /* 0: the row is free */
	const void *owner;
	struct tsr_fault_handler handler;
} rows[TSR_MEMORY_FAULTS];

static struct sigaction before;
static atomic_bool given_back;

static struct row *row_at(uintptr_t code)
{
	for (unsigned i = 0; i < TSR_MEMORY_FAULTS; i++)
		if (rows[i].code && code - rows[i].code < rows[i].handler.length)
			return &rows[i];
	return NULL;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	const ucontext_t *at = context;
	struct row *row = row_at((uintptr_t)at->uc_mcontext.gregs[REG_RIP]);

	if (row && info->si_code > 0 && row->handler.handle(row->handler.self, info, context))
		return;
	if (atomic_exchange(&given_back, true))
		signal(number, SIG_DFL);
	else
		sigaction(number, &before, NULL);
	if (info->si_code <= 0)
		raise(number); /* somebody sent it: no access makes it again */
}

/* The action in force may be another one again: a program's, that was set later. */
static bool take_signal(void)
{
	struct sigaction now, own = { .sa_sigaction = on_fault,
				      .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_NODEFER) };

	if (sigaction(SIGSEGV, NULL, &now))
		return false;
	if (now.sa_flags & SA_SIGINFO && now.sa_sigaction == on_fault)
		return true;
	before = now;
	return sigaction(SIGSEGV, &own, NULL) == 0;
}

bool tsr_memory_faults_set(const void *owner, const struct tsr_fault_handler *handler)
{
	struct row *free = NULL;

	for (unsigned i = 0; i < TSR_MEMORY_FAULTS; i++) {
		if (rows[i].code && rows[i].owner == owner)
			rows[i].code = 0;
		if (!rows[i].code && !free)
			free = &rows[i];
	}
	if (!handler)
		return true;
	if (!free || !take_signal())
		return false;
	free->owner = owner;
	free->handler = *handler;
	free->code = (uintptr_t)handler->code;
	return true;
}
