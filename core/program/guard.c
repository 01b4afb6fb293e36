/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See guard.h. */
#include <glib-unix.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <tessera-glib/plugin-calls.h>

#include "program/faults.h"
#include "program/guard.h"

#define LOOK_SECONDS 2
#define SLOW_LOOKS 6 /* after at least 10 seconds */
#define CALL_LOOKS 100
#define CALL_LOOK_MS 2

static const int stopping[] = { SIGINT, SIGTERM, SIGHUP };

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

/* Whether a plugin is being called. One that is called again and again without end is between two
 * calls now and then, so it is looked for some time. Async-signal-safe. */
static gboolean find_calls(char *calls, gsize size)
{
	static const struct timespec pause = { .tv_nsec = CALL_LOOK_MS * 1000000L };
	gboolean any = tsr_plugin_calls_list(calls, size);

	for (guint i = 0; i < CALL_LOOKS && !any; i++) {
		nanosleep(&pause, NULL);
		any = tsr_plugin_calls_list(calls, size);
	}
	return any;
}

static void on_alarm(int number)
{
	char calls[FAULTS_NAMES];
	gboolean any = find_calls(calls, sizeof(calls));
	const char *parts[] = { "tessera: the machine does not stop (", guard.doing,
				any ? "; these calls have not returned: " : "", calls,
				"); it is ended by force" };

	restore_terminal();
	faults_say(parts, G_N_ELEMENTS(parts));
	_exit(guard.status);
}

void guard_limit(int status, guint seconds)
{
	gint64 now = g_get_monotonic_time(), length = (gint64)seconds * G_USEC_PER_SEC;
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

static gboolean look_for_slow_calls(gpointer unused)
{
	char call[FAULTS_NAMES];

	if (tsr_plugin_calls_find_slow(SLOW_LOOKS, call, sizeof(call)))
		g_printerr("tessera: %s has not returned for %d seconds\n", call,
			   (SLOW_LOOKS - 1) * LOOK_SECONDS);
	return G_SOURCE_CONTINUE;
}

static void add_source(GMainContext *context, GSource *source, GSourceFunc function, gpointer data)
{
	g_source_set_callback(source, function, data, NULL);
	g_source_attach(source, context);
	g_source_unref(source);
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

	guard.doing = "it is being built";
	guard.stop = stop;
	guard.user = user;
	guard.is_terminal = tcgetattr(STDIN_FILENO, &guard.terminal) == 0;
	sigaction(SIGALRM, &action, NULL);
	faults_start(restore_terminal);
	for (guint i = 0; i < G_N_ELEMENTS(stopping); i++)
		add_source(context, g_unix_signal_source_new(stopping[i]), on_signal,
			   GINT_TO_POINTER(stopping[i]));
	add_source(context, g_timeout_source_new_seconds(LOOK_SECONDS), look_for_slow_calls, NULL);
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
