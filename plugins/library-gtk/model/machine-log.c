/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a machine's process ended, by the log in its folder, to which the process and its window
 * write.
 */
#include <string.h>

#include "model/folder.h"
#include "model/machine-private.h"

#define PROGRAM "tessera: "
#define WINDOW_SAYS "no machine answers at "
#define TAIL 4096 /* bytes, of which the last line is told */

/* The last line, without "tessera: ", that is not the word of a window whose machine has just
 * failed: that comes after the reason. "": none. Changes the text. */
static const char *find_reason(char *text)
{
	const char *line;

	do {
		char *end;

		g_strchomp(text);
		end = strrchr(text, '\n');
		line = end ? end + 1 : text;
		if (g_str_has_prefix(line, PROGRAM))
			line += strlen(PROGRAM);
		if (!end || !g_str_has_prefix(line, WINDOW_SAYS))
			break;
		*end = '\0';
	} while (TRUE);
	return line;
}

/* NULL: the process wrote nothing. */
static void read_log_on_thread(GTask *task, gpointer source, gpointer data,
			       GCancellable *cancellable)
{
	g_autofree char *text = NULL, *valid = NULL;
	const char *line;
	gsize length;

	if (!g_file_get_contents(data, &text, &length, NULL)) {
		g_task_return_pointer(task, NULL, NULL);
		return;
	}
	valid = g_utf8_make_valid(length > TAIL ? text + length - TAIL : text, -1);
	line = find_reason(valid);
	g_task_return_pointer(task, *line ? g_strdup(line) : NULL, g_free);
}

void tsr_library_machine_read_log(TsrLibraryMachine *self, GAsyncReadyCallback callback)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, NULL);

	g_task_set_task_data(task, g_build_filename(self->record->folder, TSR_LIBRARY_LOG, NULL),
			     g_free);
	g_task_run_in_thread(task, read_log_on_thread);
}

char *tsr_library_machine_read_log_finish(GAsyncResult *result)
{
	return g_task_propagate_pointer(G_TASK(result), NULL);
}
