/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shows on a terminal what the program is waiting for, once that has taken longer than a second.
 * The main thread is the one that waits, so another thread prints.
 */
#include <unistd.h>

#include "program/program.h"

static struct {
	GMutex mutex;
	GCond changed;
	GThread *thread; /* NULL: nothing is shown, also when there is no thread left for it */
	char *what;
	gboolean over;
} progress;

static gboolean wait_a_second(void)
{
	gint64 until = g_get_monotonic_time() + G_TIME_SPAN_SECOND;

	while (!progress.over)
		if (!g_cond_wait_until(&progress.changed, &progress.mutex, until))
			break;
	return !progress.over;
}

static gpointer show(gpointer data)
{
	guint seconds = 0;

	g_mutex_lock(&progress.mutex);
	while (wait_a_second())
		g_printerr("\rtessera: %s, %u s", progress.what, ++seconds);
	if (seconds)
		g_printerr("\r\033[K");
	g_mutex_unlock(&progress.mutex);
	return NULL;
}

void program_progress_begin(const char *format, ...)
{
	va_list args;

	if (progress.thread || !isatty(STDERR_FILENO))
		return;
	va_start(args, format);
	progress.what = g_strdup_vprintf(format, args);
	va_end(args);
	progress.over = FALSE;
	progress.thread = g_thread_try_new("progress", show, NULL, NULL);
	if (!progress.thread)
		g_clear_pointer(&progress.what, g_free);
}

void program_progress_end(void)
{
	if (!progress.thread)
		return;
	g_mutex_lock(&progress.mutex);
	progress.over = TRUE;
	g_cond_signal(&progress.changed);
	g_mutex_unlock(&progress.mutex);
	g_thread_join(g_steal_pointer(&progress.thread));
	g_clear_pointer(&progress.what, g_free);
}
