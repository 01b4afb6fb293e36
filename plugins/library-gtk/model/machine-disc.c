/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The disc in a machine's drive: see machine.h. Of a machine that is off it is a setting. One that
 * runs gets the open file over its control socket, because its jail keeps it from opening files;
 * what it has taken becomes the setting, for its next start.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/machine-private.h"
#include "model/text.h"

typedef struct {
	TsrLibraryMachine *machine;
	char *disc;     /* NULL: it is ejected */
	char *instance; /* the medium in the drive */
	int fd;
} Change;

static void change_free(Change *change)
{
	if (change->fd >= 0)
		close(change->fd);
	g_object_unref(change->machine);
	g_free(change->disc);
	g_free(change->instance);
	g_free(change);
}

gboolean tsr_library_machine_has_disc(TsrLibraryMachine *self)
{
	g_autofree char *disc = tsr_library_settings_get_disc(self->settings, self->record->folder);

	return disc != NULL;
}

static void keep(TsrLibraryMachine *self, const char *disc)
{
	tsr_library_settings_set_disc(self->settings, self->record->folder, disc);
	tsr_library_machine_set_failure(self, NULL);
	g_object_notify(G_OBJECT(self), "state");
}

static void fail(const Change *change, const char *reason)
{
	g_autofree char *name = change->disc ? g_filename_display_basename(change->disc) : NULL,
			*sentence = name ? g_strdup_printf(_("“%s” could not be inserted: %s"),
							   name, reason)
					 : g_strdup_printf(_("The disc could not be ejected: %s"),
							   reason);

	tsr_library_machine_fail(change->machine, sentence);
}

/* -- The machine's answer */

static void on_changed(GObject *connection, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) why = NULL;
	Change *change = data;

	if (tsr_library_machine_call_finish(connection, result, &why))
		keep(change->machine, change->disc);
	else
		fail(change, why->message);
	change_free(change);
}

/* -- An open file, on another thread */

static void open_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Change *change = data;
	struct stat info = { 0 };
	int failure = 0;

	/* Opening a pipe without a writer must not wait. */
	change->fd = open(change->disc, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (change->fd < 0 || fstat(change->fd, &info) != 0)
		failure = errno;
	else if (S_ISDIR(info.st_mode))
		failure = EISDIR;
	if (failure)
		g_task_return_new_error(task, G_IO_ERROR, g_io_error_from_errno(failure), "%s",
					g_strerror(failure));
	else
		g_task_return_boolean(task, TRUE);
}

/* Takes the change; and arguments, if they float. */
static void call(const char *method, GVariant *arguments, GUnixFDList *files, Change *change)
{
	g_autoptr(GVariant) owned = g_variant_ref_sink(arguments);

	if (change->machine->connection) {
		tsr_library_machine_call_with(change->machine, method, owned, files, on_changed,
					      change);
		return;
	}
	fail(change, _("its process is gone."));
	change_free(change);
}

static void on_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GUnixFDList) files = g_unix_fd_list_new();
	g_autoptr(GError) why = NULL;
	Change *change = data;

	if (g_task_propagate_boolean(G_TASK(result), &why) &&
	    g_unix_fd_list_append(files, change->fd, &why) >= 0) {
		call("InsertMediumFd", g_variant_new("(shs)", change->instance, 0, change->disc),
		     files, change);
		return;
	}
	fail(change, why->message);
	change_free(change);
}

/* -- The drive */

/* The first medium that can only be read, or is not there: disks are there, and are written. NULL:
 * the machine has no drive for discs. */
static char *find_drive(GVariant *status)
{
	g_autoptr(GVariant) media =
		g_variant_lookup_value(status, "media", G_VARIANT_TYPE("aa{sv}"));
	gsize count = media ? g_variant_n_children(media) : 0;

	for (gsize i = 0; i < count; i++) {
		g_autoptr(GVariant) medium = g_variant_get_child_value(media, i);
		gboolean present = FALSE, read_only = FALSE;
		const char *instance = NULL;

		g_variant_lookup(medium, "present", "b", &present);
		g_variant_lookup(medium, "read-only", "b", &read_only);
		if (g_variant_lookup(medium, "instance", "&s", &instance) &&
		    (!present || read_only))
			return g_strdup(instance);
	}
	return NULL;
}

/* Takes the change. */
static void insert(Change *change)
{
	g_autoptr(GTask) task = g_task_new(change->machine, NULL, on_opened, change);

	g_task_set_task_data(task, change, NULL);
	g_task_run_in_thread(task, open_on_thread);
}

static void on_status(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GVariant) status = tsr_library_machine_get_status_finish(result, &why);
	Change *change = data;

	if (status)
		change->instance = find_drive(status);
	if (change->instance && change->disc) {
		insert(change);
		return;
	}
	if (change->instance) {
		call("EjectMedium", g_variant_new("(s)", change->instance), NULL, change);
		return;
	}
	fail(change, status ? _("the machine has no drive for discs.") : why->message);
	change_free(change);
}

void tsr_library_machine_set_disc(TsrLibraryMachine *self, const char *disc)
{
	Change *change;

	if (!self->connection) {
		keep(self, disc);
		return;
	}
	change = g_new0(Change, 1);
	change->machine = g_object_ref(self);
	change->disc = g_strdup(disc);
	change->fd = -1;
	tsr_library_machine_get_status(self, on_status, change);
}
