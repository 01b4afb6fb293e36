/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done with plugins: see plugins.h. */
#include "model/machine-private.h"
#include "model/plugins-private.h"
#include "model/program-call.h"
#include "model/text.h"

static GTask *begin(TsrPlugins *self, GAsyncReadyCallback callback, gpointer user)
{
	GTask *task = g_task_new(self, NULL, callback, user);

	if (self->is_working) {
		g_task_return_new_error(task, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
					_("Something else is still under way."));
		g_object_unref(task);
		return NULL;
	}
	self->is_working = TRUE;
	tsr_plugins_changed(self);
	return task;
}

/* Takes task and error; error NULL: it was done. */
static void end(GTask *task, GError *error)
{
	TsrPlugins *self = g_task_get_source_object(task);

	self->is_working = FALSE;
	if (error)
		g_task_return_error(task, error);
	else
		g_task_return_boolean(task, TRUE);
	tsr_plugins_read(self);
	g_object_unref(task);
}

static void on_called(GObject *source, GAsyncResult *result, gpointer data)
{
	GError *error = NULL;

	g_free(tsr_program_call_finish(result, &error));
	end(data, error);
}

void tsr_plugins_install(TsrPlugins *self, const char *path, GAsyncReadyCallback callback,
			 gpointer user)
{
	const char *words[] = { tsr_library_get_program(self->library), "plugins", "install", path,
				NULL };
	GTask *task = begin(self, callback, user);

	if (task)
		tsr_program_call(words, NULL, on_called, task);
}

void tsr_plugins_upgrade(TsrPlugins *self, TsrLibraryMachine *machine, const char *part,
			 const char *version, GAsyncReadyCallback callback, gpointer user)
{
	const char *words[] = { machine->program, "ctl", machine->socket, "upgrade", part,
				version,          NULL };
	GTask *task = begin(self, callback, user);

	if (task)
		tsr_program_call(words, NULL, on_called, task);
}

typedef struct {
	char *id, *version;
} Removal;

static void removal_free(gpointer data)
{
	Removal *removal = data;

	g_free(removal->id);
	g_free(removal->version);
	g_free(removal);
}

static void on_users_of_removed(GObject *source, GAsyncResult *result, gpointer data)
{
	GTask *task = data;
	TsrPlugins *self = g_task_get_source_object(task);
	const Removal *removal = g_task_get_task_data(task);
	const char *words[] = { tsr_library_get_program(self->library),
				"plugins",
				"remove",
				removal->id,
				removal->version,
				NULL };
	struct tsr_plugin_users *users = tsr_plugin_users_read_finish(result);
	g_autofree char *names =
		users ? tsr_plugin_users_name(users, removal->id, removal->version) : NULL;

	tsr_plugin_users_free(users);
	if (names)
		end(task, g_error_new(TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
				      _("These machines use it: %s."), names));
	else
		tsr_program_call(words, NULL, on_called, task);
}

void tsr_plugins_remove(TsrPlugins *self, const struct tsr_plugin *plugin,
			GAsyncReadyCallback callback, gpointer user)
{
	GTask *task = begin(self, callback, user);
	Removal *removal;

	if (!task)
		return;
	removal = g_new0(Removal, 1);
	removal->id = g_strdup(plugin->id);
	removal->version = g_strdup(plugin->version);
	g_task_set_task_data(task, removal, removal_free);
	tsr_plugin_users_read(tsr_library_get_machines(self->library),
			      tsr_library_get_program(self->library), NULL, on_users_of_removed,
			      task);
}

gboolean tsr_plugins_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}
