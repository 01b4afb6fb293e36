/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See faults.h. Nothing here but faults_start may allocate, lock or print: a fault can be anywhere.
 */
#define _GNU_SOURCE /* REG_RIP */
#include "program/faults.h"

#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

#include <tessera-glib/machine.h>
#include <tessera-glib/plugin-calls.h>

/* These end the process at once: because of a bug, or because the user wants a core file. */
static const int fatal[] = { SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE };

static void (*before_words)(void);

/* Writes all parts in one line; printf is not async-signal-safe. */
void faults_say(const char *const *parts, guint count)
{
	char text[2 * FAULTS_NAMES];
	size_t length = 0;
	ssize_t written;

	for (guint i = 0; i < count; i++)
		for (const char *c = parts[i]; *c && length < sizeof(text) - 1; c++)
			text[length++] = *c;
	text[length++] = '\n';
	written = write(STDERR_FILENO, text, length);
	(void)written;
}

static const char *name_of(int number)
{
	static const char *const names[] = { [SIGABRT] = "SIGABRT",
					     [SIGSEGV] = "SIGSEGV",
					     [SIGBUS] = "SIGBUS",
					     [SIGILL] = "SIGILL",
					     [SIGFPE] = "SIGFPE" };

	return number < (int)G_N_ELEMENTS(names) ? names[number] : NULL;
}

/* Who caused it, unless the signal came from outside. */
static void tell_fault(int number, const siginfo_t *info, const ucontext_t *context)
{
	const void *code = GSIZE_TO_POINTER(context->uc_mcontext.gregs[REG_RIP]);
	const char *parts[] = { "tessera: ", name_of(number), " in ", NULL };
	char where[FAULTS_NAMES];

	if (!parts[1] || (info->si_code <= 0 && info->si_pid != getpid()))
		return;
	parts[3] = tsr_plugin_calls_describe(code, where, sizeof(where))
			   ? where
			   : "Tessera itself, in no call into a plugin";
	faults_say(parts, G_N_ELEMENTS(parts));
}

/* SA_RESETHAND has made the action the default one again: the process ends by the signal. */
static void on_fatal(int number, siginfo_t *info, void *context)
{
	if (before_words)
		before_words();
	tell_fault(number, info, context);
	raise(number);
}

/* The process ends while a plugin is called: nobody else calls exit there. */
static void on_exit_in_plugin(void)
{
	char where[FAULTS_NAMES];
	const char *parts[] = { "tessera: exit() was called in ", where,
				"; a plugin must not end the process" };

	if (!tsr_plugin_calls_describe(NULL, where, sizeof(where)))
		return;
	if (before_words)
		before_words();
	faults_say(parts, G_N_ELEMENTS(parts));
	_exit(TSR_EXIT_MACHINE_FAILED);
}

void faults_start(void (*before)(void))
{
	struct sigaction action = { .sa_sigaction = on_fatal,
				    .sa_flags = (int)SA_RESETHAND | SA_SIGINFO | SA_ONSTACK };

	before_words = before;
	for (guint i = 0; i < G_N_ELEMENTS(fatal); i++)
		sigaction(fatal[i], &action, NULL);
	atexit(on_exit_in_plugin);
}
