/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See guard.h. */
#include <glib-unix.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#include "program/guard.h"

static const int stopping[] = { SIGINT, SIGTERM, SIGHUP };
/* These end the process at once: because of a bug, or because the user wants a core file. */
static const int fatal[] = { SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE };

static struct {
	void (*stop)(int number, gpointer user);
	gpointer user;
	int number; /* the signal that came; the guard's thread only */
	GThread *thread;
	GMainLoop *loop;
	/* Of an end by force; on_alarm reads them, which may run on any thread. */
	atomic_int status;
	_Atomic(const char *) doing;
	_Atomic gint64 end; /* g_get_monotonic_time at which a signal ends the process; 0: none */
	gboolean is_terminal;
	struct termios terminal; /* as it was found */
} guard;

/* A serial line on the terminal may have made it raw. In the background it belongs to another
 * job, and a change would stop the process by SIGTTOU. Async-signal-safe. */
static void restore_terminal(void)
{
	if (guard.is_terminal && tcgetpgrp(STDIN_FILENO) == getpgrp())
		tcsetattr(STDIN_FILENO, TCSANOW, &guard.terminal);
}

/* snprintf is not async-signal-safe. */
static void on_alarm(int number)
{
	const char *parts[] = { "tessera: the machine does not stop (", guard.doing,
				"); it is ended by force\n" };
	char text[256];
	size_t length = 0;
	ssize_t written;

	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		for (const char *c = parts[i]; *c && length < sizeof(text); c++)
			text[length++] = *c;
	restore_terminal();
	written = write(STDERR_FILENO, text, length);
	(void)written;
	_exit(guard.status);
}

/* SA_RESETHAND has made the action the default one again: the process ends by the signal. */
static void on_fatal(int number)
{
	restore_terminal();
	raise(number);
}

void guard_limit(int status, guint seconds)
{
	gint64 now = g_get_monotonic_time(), length = seconds * G_USEC_PER_SEC;
	struct itimerval timer = { 0 };

	if (guard.end)
		length = CLAMP(guard.end - now, 1000, length);
	guard.status = status;
	timer.it_value.tv_sec = length / G_USEC_PER_SEC;
	timer.it_value.tv_usec = length % G_USEC_PER_SEC;
	setitimer(ITIMER_REAL, &timer, NULL);
}

void guard_doing(const char *what)
{
	guard.doing = what;
}

static gboolean stop_on_main(gpointer number)
{
	guard.stop(GPOINTER_TO_INT(number), guard.user);
	return G_SOURCE_REMOVE;
}

/* On the guard's thread. */
static gboolean on_signal(gpointer number)
{
	if (guard.number) {
		restore_terminal();
		signal(GPOINTER_TO_INT(number), SIG_DFL);
		raise(GPOINTER_TO_INT(number));
	}
	guard.number = GPOINTER_TO_INT(number);
	guard.end = g_get_monotonic_time() + GUARD_STOP_SECONDS * G_USEC_PER_SEC;
	guard_limit(128 + guard.number, GUARD_STOP_SECONDS);
	g_idle_add_full(G_PRIORITY_HIGH, stop_on_main, number, NULL);
	return G_SOURCE_CONTINUE;
}

static gpointer run_loop(gpointer loop)
{
	g_main_loop_run(loop);
	return NULL;
}

gboolean guard_start(void (*stop)(int number, gpointer user), gpointer user)
{
	g_autoptr(GMainContext) context = g_main_context_new();
	struct sigaction action = { .sa_handler = on_alarm };
	struct sigaction last_words = { .sa_handler = on_fatal, .sa_flags = (int)SA_RESETHAND };

	guard.doing = "it is being built";
	guard.stop = stop;
	guard.user = user;
	guard.is_terminal = tcgetattr(STDIN_FILENO, &guard.terminal) == 0;
	sigaction(SIGALRM, &action, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(fatal); i++)
		sigaction(fatal[i], &last_words, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(stopping); i++) {
		g_autoptr(GSource) source = g_unix_signal_source_new(stopping[i]);

		g_source_set_callback(source, on_signal, GINT_TO_POINTER(stopping[i]), NULL);
		g_source_attach(source, context);
	}
	guard.loop = g_main_loop_new(context, FALSE);
	guard.thread = g_thread_try_new("guard", run_loop, guard.loop, NULL);
	return guard.thread != NULL;
}

static gboolean quit_loop(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

/* Quits from within the loop, because the thread may not have entered it yet. */
void guard_stop(void)
{
	g_autoptr(GSource) source = g_idle_source_new();

	alarm(0);
	g_source_set_callback(source, quit_loop, guard.loop, NULL);
	g_source_attach(source, g_main_loop_get_context(guard.loop));
	g_thread_join(guard.thread);
	g_clear_pointer(&guard.loop, g_main_loop_unref);
}
