/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a machine's process ended, by the log in its folder, to which the process and its window
 * write.
 */
#include <string.h>

#include "model/folder.h"
#include "model/machine-private.h"

#define PROGRAM "tessera: "
#define WINDOW_SAYS "no machine answers at "
#define CRASH "SIG"
#define TAIL 4096 /* bytes, of which the last line is told */

static const char *without_program(const char *line)
{
	return g_str_has_prefix(line, PROGRAM) ? line + strlen(PROGRAM) : line;
}

/* The last line that tells a crash; "": none does. */
static const char *find_crash(char *const *lines)
{
	for (guint i = g_strv_length((char **)lines); i-- > 0;)
		if (g_str_has_prefix(without_program(lines[i]), CRASH))
			return without_program(lines[i]);
	return "";
}

/* A crash, whatever its window had to say about that; or else the last line that is not the word of
 * a window whose machine has just failed. Without "tessera: ". "": none. */
static char *find_reason(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	const char *line = find_crash(lines);

	for (guint i = g_strv_length(lines); i-- > 0 && !*line;)
		if (!g_str_has_prefix(without_program(lines[i]), WINDOW_SAYS))
			line = without_program(g_strchomp(lines[i]));
	return g_strdup(line);
}

/* NULL: the process wrote nothing. */
static void read_log_on_thread(GTask *task, gpointer source, gpointer data,
			       GCancellable *cancellable)
{
	g_autofree char *text = NULL, *valid = NULL;
	char *line;
	gsize length;

	if (!g_file_get_contents(data, &text, &length, NULL)) {
		g_task_return_pointer(task, NULL, NULL);
		return;
	}
	valid = g_utf8_make_valid(length > TAIL ? text + length - TAIL : text, -1);
	line = find_reason(valid);
	if (!*line)
		g_clear_pointer(&line, g_free);
	g_task_return_pointer(task, line, g_free);
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
