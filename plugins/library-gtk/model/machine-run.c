/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with a machine: start, suspend, power off. See machine.h. */
#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/folder.h"
#include "model/installation.h"
#include "model/machine-private.h"
#include "model/text.h"

#define RETRY_MS 50

/* Takes the sentence. */
static void fail(TsrLibraryMachine *self, char *sentence)
{
	tsr_library_machine_fail(self, sentence);
	g_free(sentence);
}

/* Each is named by the message of a start that lacks it. */
static const struct {
	TsrLibraryPermission permission;
	const char *option;
} permissions[] = {
	{ TSR_LIBRARY_MAY_TRUST, "--trust" },
	{ TSR_LIBRARY_MAY_FORCE_MEDIUM, "--force-medium" },
};

/* -- Starting */

typedef struct {
	GStrvBuilder *arguments;
	char *folder, *log, *socket, *disc; /* disc: NULL, none */
} Start;

static void start_free(gpointer data)
{
	Start *start = data;

	g_strv_builder_unref(start->arguments);
	g_free(start->folder);
	g_free(start->log);
	g_free(start->socket);
	g_free(start->disc);
	g_free(start);
}

/* In the child: it shall outlive the library and the terminal from which that was started. */
static void leave_session(gpointer data)
{
	setsid();
}

static gboolean has_its_disc(const Start *start, GError **error)
{
	g_autofree char *name = NULL;
	int failure = 0;

	if (!start->disc)
		return TRUE;
	if (access(start->disc, R_OK))
		failure = errno;
	else if (g_file_test(start->disc, G_FILE_TEST_IS_DIR))
		failure = EISDIR;
	if (!failure)
		return TRUE;
	name = g_filename_display_name(start->disc);
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
		    _("The disc “%s” in its drive cannot be read: %s. Put the file back, or eject "
		      "the disc."),
		    name, g_strerror(failure));
	return FALSE;
}

/* In a folder that comes from a stranger the log may be a link to what is the user's, or a pipe for
 * whose reader an open waits: then nothing is written. *log -1: there is none, because the host
 * refuses it; the machine runs without. FALSE with error. */
static gboolean open_log(const char *path, int *log, GError **error)
{
	struct stat info;

	*log = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (*log < 0 && (lstat(path, &info) != 0 || S_ISREG(info.st_mode)))
		return TRUE;
	if (*log >= 0 && fstat(*log, &info) == 0 && S_ISREG(info.st_mode) &&
	    ftruncate(*log, 0) == 0)
		return TRUE;
	if (*log >= 0)
		close(*log);
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_DAMAGED,
		    _("“%s” in its folder is a link or no file, so nothing is written there. "
		      "Remove it, and start the machine again."),
		    TSR_LIBRARY_LOG);
	return FALSE;
}

/* On another thread: opens the log and starts the process. */
static void start_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Start *start = data;
	g_autofree char *folder = g_path_get_dirname(start->socket);
	g_autoptr(GSubprocessLauncher) launcher =
		g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
	g_auto(GStrv) arguments = NULL;
	GSubprocess *process = NULL;
	GError *error = NULL;
	int log;

	if (!has_its_disc(start, &error)) {
		g_task_return_error(task, error);
		return;
	}
	tsr_installation_settle(start->folder);
	tsr_installation_add_options(start->folder, start->arguments);
	arguments = g_strv_builder_end(start->arguments);
	if (!open_log(start->log, &log, &error)) {
		g_task_return_error(task, error);
		return;
	}
	g_mkdir_with_parents(folder, 0700);
	if (log >= 0)
		g_subprocess_launcher_take_stderr_fd(launcher, log);
	g_subprocess_launcher_set_child_setup(launcher, leave_session, NULL, NULL);
	process = g_subprocess_launcher_spawnv(launcher, (const char *const *)arguments, &error);
	if (process)
		g_task_return_pointer(task, process, g_object_unref);
	else
		g_task_return_error(task, error);
}

static GStrvBuilder *run_arguments(TsrLibraryMachine *self, const char *disc)
{
	GStrvBuilder *arguments = g_strv_builder_new();
	g_autofree char *control = g_strconcat("unix:", self->socket, NULL),
			*state = g_build_filename(self->record->folder, TSR_LIBRARY_STATE, NULL);

	g_strv_builder_add_many(arguments, self->program, "run", self->record->manifest,
				"--control", control, NULL);
	if (disc)
		g_strv_builder_add_many(arguments, "--cdrom", disc, NULL);
	if (self->record->is_suspended)
		g_strv_builder_add_many(arguments, "--load", state, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(permissions); i++)
		if (self->permissions & permissions[i].permission)
			g_strv_builder_add(arguments, permissions[i].option);
	return arguments;
}

/* -- The end of the process */

static TsrLibraryPermission missing_permission(TsrLibraryMachine *self, const char *line)
{
	for (guint i = 0; i < G_N_ELEMENTS(permissions); i++)
		if (!(self->permissions & permissions[i].permission) &&
		    strstr(line, permissions[i].option))
			return permissions[i].permission;
	return TSR_LIBRARY_MAY_NOTHING;
}

static void on_log(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrLibraryMachine *self = TSR_LIBRARY_MACHINE(source);
	TsrLibraryPermission missing;
	g_autofree char *line = tsr_library_machine_read_log_finish(result);

	if (!line)
		line = g_strdup(_("its process ended without a word."));
	tsr_library_machine_set_failure(self,
					g_strdup_printf(_("It could not be started: %s"), line));
	missing = missing_permission(self, line);
	if (missing)
		tsr_library_machine_refuse(self, missing, line);
	else
		fail(self, g_strdup_printf(_("“%s” could not be started: %s"), self->record->title,
					   line));
}

/* A crash is told in the line that the process wrote at its end, with the plugin that it was in. */
static void on_crash_log(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrLibraryMachine *self = TSR_LIBRARY_MACHINE(source);
	g_autofree char *line = tsr_library_machine_read_log_finish(result);

	if (!line || !g_str_has_prefix(line, "SIG") || self->process) /* it was started again */
		return;
	tsr_library_machine_set_failure(
		self, g_strdup_printf(_("It has crashed: %s. What the guest had not written is "
					"lost; start it again, or look into its log."),
				      line));
	tsr_library_machine_changed(self);
}

static void on_process_ended(GObject *source, GAsyncResult *result, gpointer data)
{
	GSubprocess *process = G_SUBPROCESS(source);
	g_autoptr(TsrLibraryMachine) self = data;
	gboolean was_starting = self->operation == TSR_LIBRARY_STARTING;

	g_subprocess_wait_finish(process, result, NULL);
	if (self->process != process)
		return;
	g_clear_object(&self->process);
	g_clear_handle_id(&self->retry, g_source_remove);
	if (g_subprocess_get_if_signaled(process)) {
		tsr_library_machine_set_failure(
			self, g_strdup_printf(_("Its process was ended from outside, by signal "
						"%d. What the guest had not written is lost."),
					      g_subprocess_get_term_sig(process)));
		tsr_library_machine_read_log(self, on_crash_log);
	} else if (was_starting && g_subprocess_get_exit_status(process) != 0) {
		tsr_library_machine_read_log(self, on_log);
	}
	if (!self->connection)
		tsr_library_machine_ended(self);
}

static void settle_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	g_task_return_boolean(task, tsr_installation_settle(data));
}

/* What was just installed starts. */
static void on_settled(GObject *source, GAsyncResult *result, gpointer data)
{
	if (g_task_propagate_boolean(G_TASK(result), NULL))
		tsr_library_machine_start(TSR_LIBRARY_MACHINE(source));
}

static void settle(TsrLibraryMachine *self)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, on_settled, NULL);

	g_task_set_task_data(task, g_strdup(self->record->folder), g_free);
	g_task_run_in_thread(task, settle_on_thread);
}

void tsr_library_machine_ended(TsrLibraryMachine *self)
{
	if (!self->process) {
		tsr_library_machine_set_operation(self, TSR_LIBRARY_OFF);
		settle(self);
	}
	g_clear_object(&self->window); /* one that stays is of a machine that is gone */
	tsr_library_machine_reread(self);
	tsr_library_machine_changed(self);
}

/* -- Start */

static gboolean on_retry(gpointer data)
{
	tsr_library_machine_look(data);
	return G_SOURCE_CONTINUE;
}

static void on_started(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrLibraryMachine *self = TSR_LIBRARY_MACHINE(source);
	g_autoptr(GError) why = NULL;

	self->process = g_task_propagate_pointer(G_TASK(result), &why);
	if (!self->process) {
		tsr_library_machine_set_failure(
			self, g_strdup_printf(_("It could not be started: %s"), why->message));
		tsr_library_machine_set_operation(self, TSR_LIBRARY_OFF);
		fail(self, g_strdup_printf(_("“%s” could not be started: %s"), self->record->title,
					   why->message));
		return;
	}
	g_subprocess_wait_async(self->process, NULL, on_process_ended, g_object_ref(self));
	self->retry = g_timeout_add(RETRY_MS, on_retry, self);
}

static void start_process(TsrLibraryMachine *self)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, on_started, NULL);
	Start *start = g_new0(Start, 1);

	start->disc = tsr_library_settings_get_disc(self->settings, self->record->folder);
	start->arguments = run_arguments(self, start->disc);
	start->folder = g_strdup(self->record->folder);
	start->log = g_build_filename(self->record->folder, TSR_LIBRARY_LOG, NULL);
	start->socket = g_strdup(self->socket);
	g_task_set_task_data(task, start, start_free);
	g_task_run_in_thread(task, start_on_thread);
}

static void on_resumed(GObject *connection, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrLibraryMachine) self = data;
	g_autoptr(GError) why = NULL;

	if (!tsr_library_machine_call_finish(connection, result, &why))
		fail(self, g_strdup_printf(_("“%s” cannot go on: %s"), self->record->title,
					   why->message));
}

void tsr_library_machine_start(TsrLibraryMachine *self)
{
	tsr_library_machine_start_with(self, TSR_LIBRARY_MAY_NOTHING);
}

void tsr_library_machine_start_with(TsrLibraryMachine *self, guint allowed)
{
	TsrLibraryState state = tsr_library_machine_get_state(self);

	if (state == TSR_LIBRARY_PAUSED)
		tsr_library_machine_call(self, "Resume", NULL, NULL, on_resumed);
	if (tsr_library_machine_is_alive(self) || !self->record->manifest)
		return;
	self->permissions = allowed;
	tsr_library_machine_set_failure(self, NULL);
	tsr_library_machine_set_operation(self, TSR_LIBRARY_STARTING);
	start_process(self);
}

/* -- Power off */

static void on_quit(GObject *connection, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrLibraryMachine) self = data;
	g_autoptr(GError) why = NULL;

	/* The connection may end before the answer has come: then it is off. */
	if (tsr_library_machine_call_finish(connection, result, &why) || !self->connection ||
	    g_dbus_connection_is_closed(self->connection))
		return;
	tsr_library_machine_set_operation(self, TSR_LIBRARY_OFF);
	fail(self, g_strdup_printf(_("“%s” could not be powered off: %s"), self->record->title,
				   why->message));
}

void tsr_library_machine_power_off(TsrLibraryMachine *self)
{
	if (!self->connection)
		return;
	tsr_library_machine_set_operation(self, TSR_LIBRARY_STOPPING);
	tsr_library_machine_take_picture(self);
	tsr_library_machine_call(self, "Quit", NULL, NULL, on_quit);
}
