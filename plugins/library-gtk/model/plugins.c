/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See plugins.h. */
#include "model/plugins-private.h"

#include <string.h>

#include "model/program-call.h"
#include "model/text.h"

G_DEFINE_FINAL_TYPE(TsrPlugins, tsr_plugins, G_TYPE_OBJECT)

static guint changed_signal;

static gboolean is_closed(TsrPlugins *self)
{
	return g_cancellable_is_cancelled(self->cancellable);
}

void tsr_plugins_changed(TsrPlugins *self)
{
	if (!is_closed(self))
		g_signal_emit(self, changed_signal, 0);
}

/* -- Reading: the catalogue, then who uses what */

static void read_all(TsrPlugins *self);

static void on_users(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrPlugins) self = data;
	struct tsr_plugin_users *users = tsr_plugin_users_read_finish(result);

	self->is_reading = FALSE;
	if (users) {
		tsr_plugin_users_free(self->users);
		self->users = users;
	}
	if (self->is_stale && !is_closed(self))
		read_all(self);
	tsr_plugins_changed(self);
}

static void on_catalogue(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrPlugins) self = data;
	g_autoptr(GError) why = NULL;
	g_autofree char *printed = tsr_program_call_finish(result, &why);
	struct tsr_catalogue *catalogue = tsr_catalogue_parse(printed);

	g_clear_pointer(&self->problem, g_free);
	if (catalogue) {
		tsr_catalogue_free(self->catalogue);
		self->catalogue = catalogue;
	} else {
		self->problem =
			g_strdup(why ? why->message : _("The installed plugins cannot be read."));
	}
	tsr_plugin_users_read(tsr_library_get_machines(self->library),
			      tsr_library_get_program(self->library), self->cancellable, on_users,
			      g_object_ref(self));
	tsr_plugins_changed(self);
}

static void read_all(TsrPlugins *self)
{
	const char *words[] = { tsr_library_get_program(self->library), "plugins", "list",
				"--gvariant", NULL };

	self->is_reading = TRUE;
	self->is_stale = FALSE;
	tsr_program_call(words, self->cancellable, on_catalogue, g_object_ref(self));
}

void tsr_plugins_read(TsrPlugins *self)
{
	if (is_closed(self))
		return;
	if (self->is_reading)
		self->is_stale = TRUE;
	else
		read_all(self);
	tsr_plugins_changed(self);
}

/* -- What is read */

const struct tsr_catalogue *tsr_plugins_get_catalogue(TsrPlugins *self)
{
	return self->catalogue;
}

const struct tsr_plugin_users *tsr_plugins_get_users(TsrPlugins *self)
{
	return self->users;
}

const char *tsr_plugins_get_problem(TsrPlugins *self)
{
	return self->problem;
}

gboolean tsr_plugins_is_busy(TsrPlugins *self)
{
	return self->is_reading || self->is_working;
}

gboolean tsr_plugins_is_working(TsrPlugins *self)
{
	return self->is_working;
}

char *tsr_plugins_name_users(TsrPlugins *self, const struct tsr_plugin *plugin)
{
	return self->users ? tsr_plugin_users_name(self->users, plugin->id, plugin->version) : NULL;
}

char *tsr_plugins_signature(TsrPlugins *self, const struct tsr_plugin *plugin)
{
	const struct tsr_plugin_users *users = self->users;
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%s %s %s %d\n", plugin->id, plugin->version, plugin->manifest,
			       users != NULL);
	for (guint i = 0; users && i < users->users->len; i++) {
		const struct tsr_plugin_user *u = g_ptr_array_index(users->users, i);

		if (g_str_equal(u->id, plugin->id))
			g_string_append_printf(text, "%s %s %s %d\n",
					       tsr_library_machine_get_title(u->machine), u->part,
					       u->version, u->runs);
	}
	for (guint i = 0; users && i < users->unread->len; i++)
		g_string_append_printf(
			text, "? %s\n",
			tsr_library_machine_get_title(g_ptr_array_index(users->unread, i)));
	return g_string_free(text, FALSE);
}

/* "plugin acme 1.0.0 needs …" or "plugin acme 1.0.0: …" */
static char *refused_plugin(const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", 4);

	if (g_strv_length(words) < 3 || !g_str_equal(words[0], "plugin"))
		return NULL;
	g_strdelimit(words[2], ":", '\0');
	return g_strdup_printf("%s %s", words[1], words[2]);
}

/* Else a path: "/folder/acme/1.0.0/acme.plugin:3: …" */
char *tsr_plugins_refused_subject(const char *line)
{
	const char *end = strstr(line, ": ");
	g_autofree char *plugin = refused_plugin(line),
			*start = end ? g_strndup(line, (gsize)(end - line)) : g_strdup(line);

	if (plugin)
		return g_steal_pointer(&plugin);
	return g_path_is_absolute(start) ? g_path_get_basename(start) : g_steal_pointer(&start);
}

/* -- Life cycle */

static void on_state(TsrPlugins *self)
{
	tsr_plugins_read(self);
}

/* The machines in the list, and no others. */
static void watch_machines(TsrPlugins *self)
{
	GListModel *machines = tsr_library_get_machines(self->library);

	for (guint i = 0; i < self->watched->len; i++)
		g_signal_handlers_disconnect_by_data(g_ptr_array_index(self->watched, i), self);
	g_ptr_array_set_size(self->watched, 0);
	for (guint i = 0; i < g_list_model_get_n_items(machines); i++) {
		TsrLibraryMachine *machine = g_list_model_get_item(machines, i);

		g_signal_connect_swapped(machine, "notify::state", G_CALLBACK(on_state), self);
		g_ptr_array_add(self->watched, machine);
	}
}

static void on_machines(TsrPlugins *self)
{
	watch_machines(self);
	tsr_plugins_read(self);
}

TsrPlugins *tsr_plugins_new(TsrLibrary *library)
{
	TsrPlugins *self = g_object_new(TSR_TYPE_PLUGINS, NULL);

	self->library = g_object_ref(library);
	g_signal_connect_object(tsr_library_get_machines(library), "items-changed",
				G_CALLBACK(on_machines), self, G_CONNECT_SWAPPED | G_CONNECT_AFTER);
	watch_machines(self);
	read_all(self);
	return self;
}

void tsr_plugins_close(TsrPlugins *self)
{
	g_cancellable_cancel(self->cancellable);
}

static void tsr_plugins_dispose(GObject *object)
{
	TsrPlugins *self = TSR_PLUGINS(object);

	g_cancellable_cancel(self->cancellable);
	for (guint i = 0; i < self->watched->len; i++)
		g_signal_handlers_disconnect_by_data(g_ptr_array_index(self->watched, i), self);
	g_ptr_array_set_size(self->watched, 0);
	g_clear_object(&self->library);
	G_OBJECT_CLASS(tsr_plugins_parent_class)->dispose(object);
}

static void tsr_plugins_finalize(GObject *object)
{
	TsrPlugins *self = TSR_PLUGINS(object);

	tsr_catalogue_free(self->catalogue);
	tsr_plugin_users_free(self->users);
	g_ptr_array_unref(self->watched);
	g_object_unref(self->cancellable);
	g_free(self->problem);
	G_OBJECT_CLASS(tsr_plugins_parent_class)->finalize(object);
}

static void tsr_plugins_class_init(TsrPluginsClass *class)
{
	G_OBJECT_CLASS(class)->dispose = tsr_plugins_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_plugins_finalize;
	changed_signal = g_signal_new("changed", TSR_TYPE_PLUGINS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
				      NULL, G_TYPE_NONE, 0);
}

static void tsr_plugins_init(TsrPlugins *self)
{
	self->cancellable = g_cancellable_new();
	self->watched = g_ptr_array_new_with_free_func(g_object_unref);
}
