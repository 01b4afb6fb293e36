/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See child.h. */
#include "model/child.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "model/text.h"

#define CHUNK 512
#define LINE_BYTES 4096 /* more of a line is not kept */
#define SIGNALLED 128

typedef struct {
	const struct tsr_child *child;
	struct tsr_progress *progress;
	goffset base; /* done before the child */
	GString *line;
	char *said;
} Run;

/* -- What it writes */

static void report(Run *run, double percent)
{
	struct tsr_progress *progress = run->progress;
	const double part = CLAMP(percent, 0, 100) / 100;

	if (!progress)
		return;
	progress->done = run->base + (goffset)(part * (double)run->child->bytes);
	if (progress->report && progress->total > 0)
		progress->report(progress->user,
				 MIN(1.0, (double)progress->done / (double)progress->total));
}

static void take_line(Run *run)
{
	g_autofree char *line = g_utf8_make_valid(run->line->str, (gssize)run->line->len);

	g_strstrip(line);
	if (*line == '(' && g_str_has_suffix(line, "/100%)")) {
		report(run, g_ascii_strtod(line + 1, NULL));
	} else if (*line) {
		g_free(run->said);
		run->said = g_steal_pointer(&line);
	}
	g_string_truncate(run->line, 0);
}

static void take(Run *run, const char *bytes, gsize length)
{
	for (gsize i = 0; i < length; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r')
			take_line(run);
		else if (bytes[i] && run->line->len < LINE_BYTES)
			g_string_append_c(run->line, bytes[i]);
	}
}

static gboolean read_all(Run *run, GSubprocess *process, GCancellable *cancellable, GError **error)
{
	GInputStream *output = g_subprocess_get_stdout_pipe(process);
	char bytes[CHUNK];
	gssize got;

	while ((got = g_input_stream_read(output, bytes, sizeof(bytes), cancellable, error)) > 0)
		take(run, bytes, (gsize)got);
	take_line(run);
	return got == 0;
}

/* -- The process */

/* Between fork and exec. */
static void on_forked(gpointer data)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static GSubprocess *start(const struct tsr_child *child, GError **error)
{
	g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
		G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);

	g_subprocess_launcher_setenv(launcher, "LC_ALL", "C.UTF-8", TRUE);
	g_subprocess_launcher_set_child_setup(launcher, on_forked, NULL, NULL);
	if (child->folder)
		g_subprocess_launcher_set_cwd(launcher, child->folder);
	if (child->input >= 0)
		g_subprocess_launcher_take_stdin_fd(launcher,
						    fcntl(child->input, F_DUPFD_CLOEXEC, 0));
	return g_subprocess_launcher_spawnv(launcher, child->words, error);
}

static int status_of(GSubprocess *process)
{
	if (g_subprocess_get_if_exited(process))
		return g_subprocess_get_exit_status(process);
	return SIGNALLED + g_subprocess_get_term_sig(process);
}

int tsr_child_run(const struct tsr_child *child, struct tsr_progress *progress, char **said,
		  GCancellable *cancellable, GError **error)
{
	g_autoptr(GSubprocess) process = NULL;
	Run run = { .child = child, .progress = progress };
	gboolean done;

	if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
	    !(process = start(child, error)))
		return -1;
	run.base = progress ? progress->done : 0;
	run.line = g_string_new(NULL);
	done = read_all(&run, process, cancellable, error);
	if (!done)
		g_subprocess_force_exit(process);
	g_subprocess_wait(process, NULL, NULL);
	if (done)
		report(&run, 100);
	g_string_free(run.line, TRUE);
	*said = run.said ? run.said : g_strdup("");
	return done ? status_of(process) : -1;
}
