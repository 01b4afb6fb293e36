/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals that a process sends to itself and handles. Returns how many were handled. */
#include "linux.h"

static struct {
	void (*handler)(int number);
	uint32_t flags;
	void (*restorer)(void); /* unused: the kernel returns through its vDSO */
	uint32_t mask[2];
} action;

static volatile uint32_t handled;

static void on_signal(int number)
{
	handled += number == SIGUSR1;
}

uint32_t work(uint32_t count)
{
	long self = call0(SYS_getpid);

	action.handler = on_signal;
	linux_call(SYS_rt_sigaction, SIGUSR1, (long)&action, 0, sizeof(action.mask));
	while (count--)
		call3(SYS_kill, self, SIGUSR1, 0);
	return handled;
}
