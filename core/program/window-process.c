/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See window-process.h. */
#include "program/window-process.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "program/program.h"
#include "program/sweeper.h"
#include "remote/address.h"

#define SELF "/proc/self/exe" /* the same program, though another may have been installed since */
#define SOCKET_NAME "control"
#define STATE_NAME "suspended.state"
#define FINISH_SECONDS 2 /* until a window that hangs is ended by force */

struct window_process {
	TsrMachine *machine; /* not owned; NULL: it is gone */
	char *socket;
	GPid pid;
	guint watch; /* 0: it has ended */
	int wait_status;
	gboolean swept; /* somebody else waits for its end */
	gboolean stays; /* it goes on for its user */
};

/* -- Where it attaches */

char *window_process_make_socket(GError **error)
{
	const char *const places[] = { g_get_user_runtime_dir(), g_get_tmp_dir() };

	for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *folder = g_build_filename(places[i], "tessera-XXXXXX", NULL);

		if (g_mkdtemp(folder))
			return g_strconcat("unix:", folder, "/" SOCKET_NAME, NULL);
	}
	g_set_error(
		error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
		"there is no folder for the control socket of the window: neither %s nor %s can "
		"be written; name one with --control unix:PATH",
		places[0], places[1]);
	return NULL;
}

void window_process_remove_socket(const char *socket)
{
	g_autofree char *folder = g_path_get_dirname(tsr_remote_socket_path(socket));

	g_rmdir(folder);
}

/* -- Its life */

static void on_ended(GPid pid, int wait_status, gpointer data)
{
	struct window_process *window = data;
	TsrMachineState state =
		window->machine ? tsr_machine_get_state(window->machine) : TSR_MACHINE_STOPPED;
	const char *path = tsr_remote_socket_path(window->socket);

	window->watch = 0;
	window->wait_status = wait_status;
	g_spawn_close_pid(pid);
	if (state == TSR_MACHINE_LOADED && WIFSIGNALED(wait_status))
		g_printerr("tessera: the window ended by signal %d before it was open\n",
			   WTERMSIG(wait_status));
	if (state == TSR_MACHINE_RUNNING || state == TSR_MACHINE_PAUSED)
		g_printerr("tessera: the window is gone, the machine goes on; `tessera view %s` "
			   "opens another, `tessera ctl %s quit` ends the machine\n",
			   path, path);
}

/* The only manifest of a folder stands for a machine that has the folder for itself. */
static gboolean has_own_folder(const char *folder)
{
	GDir *entries = g_dir_open(folder, 0, NULL);
	const char *name;
	guint manifests = 0;

	while (entries && (name = g_dir_read_name(entries)))
		manifests += g_str_has_suffix(name, ".machine");
	if (entries)
		g_dir_close(entries);
	return manifests == 1;
}

/* Where the library looks for a machine's state; NULL: the machine has no folder of its own. */
static char *suspend_setting(const char *manifest)
{
	g_autofree char *path = manifest ? g_canonicalize_filename(manifest, NULL) : NULL;
	g_autofree char *folder = path ? g_path_get_dirname(path) : NULL;

	if (!path || !g_file_test(path, G_FILE_TEST_IS_REGULAR) || !has_own_folder(folder))
		return NULL;
	return g_strconcat("?suspend-to=", folder, "/" STATE_NAME, NULL);
}

/* What this process was started with, for a shell, but for what only served the first start. */
static char *again_setting(void)
{
	g_autoptr(GString) command = g_string_new("?again=tessera");
	g_autofree char *words = NULL;
	gsize length = 0;

	if (!g_file_get_contents("/proc/self/cmdline", &words, &length, NULL) || !length)
		return NULL;
	for (char *word = words + strlen(words) + 1; word < words + length;
	     word += strlen(word) + 1) {
		g_autofree char *quoted = g_shell_quote(word);

		if (g_str_equal(word, "--load") && word + strlen(word) + 1 < words + length)
			word += strlen(word) + 1; /* and its file */
		else if (!g_str_equal(word, "--hold"))
			g_string_append_printf(command, " %s", quoted);
	}
	return g_strdup(command->str);
}

static void add_setting(GPtrArray *arguments, char *setting)
{
	if (!setting)
		return;
	g_ptr_array_add(arguments, g_strdup("--set"));
	g_ptr_array_add(arguments, setting);
}

static GPtrArray *window_arguments(const char *manifest, const char *socket, gboolean start,
				   gboolean no_jail)
{
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(arguments, g_strdup(SELF));
	g_ptr_array_add(arguments, g_strdup("tessera"));
	g_ptr_array_add(arguments, g_strdup("view"));
	g_ptr_array_add(arguments, g_strdup(tsr_remote_socket_path(socket)));
	g_ptr_array_add(arguments, g_strdup("--own"));
	add_setting(arguments, suspend_setting(manifest));
	add_setting(arguments, again_setting());
	if (start)
		g_ptr_array_add(arguments, g_strdup("--start"));
	if (no_jail)
		g_ptr_array_add(arguments, g_strdup("--no-jail"));
	g_ptr_array_add(arguments, NULL);
	return arguments;
}

struct window_process *window_process_start(TsrMachine *machine, const char *manifest,
					    const char *socket, gboolean start, gboolean no_jail,
					    GError **error)
{
	g_autoptr(GPtrArray) arguments = window_arguments(manifest, socket, start, no_jail);
	struct window_process *window;
	GPid pid;

	if (!g_spawn_async(NULL, (char **)arguments->pdata, NULL,
			   G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_FILE_AND_ARGV_ZERO, NULL, NULL, &pid,
			   error)) {
		g_prefix_error(error, "the window cannot be opened: ");
		return NULL;
	}
	window = g_new0(struct window_process, 1);
	window->machine = machine;
	window->socket = g_strdup(socket);
	window->pid = pid;
	window->watch = g_child_watch_add(pid, on_ended, window);
	return window;
}

gboolean window_process_has_ended(const struct window_process *window, int *status)
{
	if (window->watch)
		return FALSE;
	*status = WIFEXITED(window->wait_status) ? WEXITSTATUS(window->wait_status)
						 : TSR_EXIT_MACHINE_FAILED;
	return TRUE;
}

void window_process_sweep(struct window_process *window, gboolean remove_folder)
{
	g_autofree char *folder = NULL;

	if (!window)
		return;
	window->swept = TRUE;
	sweeper_add_window(window->pid);
	folder = g_path_get_dirname(tsr_remote_socket_path(window->socket));
	if (remove_folder)
		sweeper_add_folder(folder);
}

/* As the sweeper: a window that leads a session of its own has something to ask or to tell. */
static gboolean on_late(gpointer data)
{
	struct window_process *window = data;

	window->stays = getsid(window->pid) == window->pid;
	if (!window->stays)
		kill(window->pid, SIGKILL); /* also ends a process that is stopped */
	return G_SOURCE_REMOVE;
}

static void wait_for_end(struct window_process *window)
{
	guint limit = g_timeout_add_seconds(FINISH_SECONDS, on_late, window);

	while (window->watch && !window->stays)
		g_main_context_iteration(NULL, TRUE);
	if (g_main_context_find_source_by_id(NULL, limit))
		g_source_remove(limit);
}

void window_process_finish(struct window_process *window)
{
	if (!window)
		return;
	window->machine = NULL;
	if (!window->swept)
		wait_for_end(window);
	if (window->watch)
		g_source_remove(window->watch);
	g_free(window->socket);
	g_free(window);
}
