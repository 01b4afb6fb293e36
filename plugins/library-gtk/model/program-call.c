/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See program-call.h. */
#include "model/program-call.h"

#include <string.h>

#include "model/text.h"

#define PREFIX "tessera: "

static void return_failure(GTask *task, const char *words)
{
	g_autofree char *valid = words ? g_utf8_make_valid(words, -1) : g_strdup("");
	const char *line;

	g_strchomp(valid);
	line = strrchr(valid, '\n');
	line = line ? line + 1 : valid;
	if (g_str_has_prefix(line, PREFIX))
		line += strlen(PREFIX);
	g_task_return_new_error(task, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED, "%s",
				*line ? line : _("The program tessera ended without a word."));
}

static void on_ended(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	GSubprocess *process = G_SUBPROCESS(source);
	g_autofree char *errors = NULL, *output = NULL;
	GError *error = NULL;

	if (!g_subprocess_communicate_utf8_finish(process, result, &output, &errors, &error)) {
		if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
			g_subprocess_force_exit(process);
		g_task_return_error(task, error);
	} else if (g_subprocess_get_successful(process)) {
		g_task_return_pointer(task, g_steal_pointer(&output), g_free);
	} else {
		return_failure(task, errors);
	}
}

void tsr_program_call(const char *const *words, GCancellable *cancellable,
		      GAsyncReadyCallback callback, gpointer user)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user);
	GError *error = NULL;
	g_autoptr(GSubprocess) process = g_subprocess_newv(
		words, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);

	if (process)
		g_subprocess_communicate_utf8_async(process, NULL, cancellable, on_ended,
						    g_steal_pointer(&task));
	else
		g_task_return_error(task, error);
}

char *tsr_program_call_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
