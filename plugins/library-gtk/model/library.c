/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See library.h. The folder is read on another thread, and the list is then changed to what was
 * read. Of the machines' own folders only their names are watched, not what a guest writes. */
#include "model/library-private.h"
#include "model/text.h"

#define SETTLE_MS 200 /* a copy of a folder makes many events */
#define SOCKET_FOLDER "tessera"

enum { PROP_LOADED = 1, PROP_PROBLEM, N_PROPS };

struct _TsrLibrary {
	GObject parent;
	TsrLibrarySettings *settings;
	char *program, *problem;
	GListStore *machines;
	GFileMonitor *folder_monitor, *socket_monitor;
	GHashTable *monitors; /* folder of a machine -> GFileMonitor */
	guint settle;         /* source */
	guint scan;           /* number of the newest one; the result of an older one is dropped */
	gboolean loaded, live;
};

G_DEFINE_FINAL_TYPE(TsrLibrary, tsr_library, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];
static guint failed_signal, refused_signal;

GListModel *tsr_library_get_machines(TsrLibrary *self)
{
	return G_LIST_MODEL(self->machines);
}

gboolean tsr_library_get_loaded(TsrLibrary *self)
{
	return self->loaded;
}

const char *tsr_library_get_problem(TsrLibrary *self)
{
	return self->problem;
}

TsrLibrarySettings *tsr_library_get_settings(TsrLibrary *self)
{
	return self->settings;
}

const char *tsr_library_get_program(TsrLibrary *self)
{
	return self->program;
}

/* -- The list */

static guint position(TsrLibrary *self, const char *folder)
{
	GListModel *list = G_LIST_MODEL(self->machines);
	guint count = g_list_model_get_n_items(list);

	for (guint i = 0; i < count; i++) {
		g_autoptr(TsrLibraryMachine) machine = g_list_model_get_item(list, i);

		if (g_str_equal(tsr_library_machine_get_folder(machine), folder))
			return i;
	}
	return G_MAXUINT;
}

TsrLibraryMachine *tsr_library_find(TsrLibrary *self, const char *folder)
{
	guint at = position(self, folder);
	g_autoptr(TsrLibraryMachine) machine =
		at == G_MAXUINT ? NULL : g_list_model_get_item(G_LIST_MODEL(self->machines), at);

	return machine; /* the list has a reference */
}

static void on_machine_failed(TsrLibraryMachine *machine, const char *sentence, gpointer data)
{
	g_signal_emit(data, failed_signal, 0, sentence);
}

static void on_machine_refused(TsrLibraryMachine *machine, guint permission, const char *sentence,
			       gpointer data)
{
	g_signal_emit(data, refused_signal, 0, machine, permission, sentence);
}

static void on_folder_event(GFileMonitor *monitor, GFile *file, GFile *other,
			    GFileMonitorEvent event, gpointer data);

static void watch_machine(TsrLibrary *self, const char *folder)
{
	g_autoptr(GFile) file = g_file_new_for_path(folder);
	GFileMonitor *monitor =
		g_file_monitor_directory(file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);

	if (!monitor)
		return;
	g_signal_connect(monitor, "changed", G_CALLBACK(on_folder_event), self);
	g_hash_table_insert(self->monitors, g_strdup(folder), monitor);
}

TsrLibraryMachine *tsr_library_put(TsrLibrary *self, struct tsr_machine_record *record)
{
	TsrLibraryMachine *machine = tsr_library_find(self, record->folder);

	if (machine) {
		tsr_library_machine_update(machine, record);
		return machine;
	}
	machine = tsr_library_machine_new(self->settings, self->program, record);
	g_signal_connect(machine, "failed", G_CALLBACK(on_machine_failed), self);
	g_signal_connect(machine, "refused", G_CALLBACK(on_machine_refused), self);
	tsr_library_machine_set_live(machine, self->live);
	watch_machine(self, record->folder);
	g_list_store_append(self->machines, machine);
	g_object_unref(machine); /* the list has a reference */
	return machine;
}

static void remove_at(TsrLibrary *self, guint at)
{
	g_autoptr(TsrLibraryMachine) machine =
		g_list_model_get_item(G_LIST_MODEL(self->machines), at);

	g_signal_handlers_disconnect_by_data(machine, self);
	tsr_library_machine_set_live(machine, FALSE);
	g_hash_table_remove(self->monitors, tsr_library_machine_get_folder(machine));
	g_list_store_remove(self->machines, at);
}

static void remove_missing(TsrLibrary *self, GHashTable *found)
{
	guint at = g_list_model_get_n_items(G_LIST_MODEL(self->machines));

	while (at-- > 0) {
		g_autoptr(TsrLibraryMachine) machine =
			g_list_model_get_item(G_LIST_MODEL(self->machines), at);

		if (!g_hash_table_contains(found, tsr_library_machine_get_folder(machine)) &&
		    !tsr_library_machine_is_alive(machine))
			remove_at(self, at);
	}
}

/* -- Reading the folder */

static void scan_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	GError *error = NULL;
	GPtrArray *records = tsr_machine_record_read_all(data, &error);

	if (records)
		g_task_return_pointer(task, records, (GDestroyNotify)g_ptr_array_unref);
	else
		g_task_return_error(task, error);
}

/* A folder that the user has chosen does not vanish: it was moved, or its disk is not mounted.
 * Machines that were made in its place would be hidden later. */
static void scan_chosen_on_thread(GTask *task, gpointer source, gpointer data,
				  GCancellable *cancellable)
{
	g_autofree char *name = NULL;

	if (g_file_test(data, G_FILE_TEST_EXISTS)) {
		scan_on_thread(task, source, data, cancellable);
		return;
	}
	name = g_filename_display_name(data);
	g_task_return_new_error(task, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
				_("“%s” is not there any more. If it was moved, choose where it "
				  "is now; if it lies on another disk, connect that."),
				name);
}

static void take_records(TsrLibrary *self, GPtrArray *records)
{
	g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < records->len; i++) {
		struct tsr_machine_record *record = records->pdata[i];

		g_hash_table_add(found, g_strdup(record->folder));
		tsr_library_put(self, g_steal_pointer(&records->pdata[i]));
	}
	remove_missing(self, found);
}

static void set_problem(TsrLibrary *self, const GError *why)
{
	g_free(self->problem);
	self->problem = why ? g_strdup(why->message) : NULL;
	self->loaded = TRUE;
	g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_PROBLEM]);
	g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_LOADED]);
}

static void on_scanned(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrLibrary *self = TSR_LIBRARY(source);
	g_autoptr(GError) why = NULL;
	g_autoptr(GPtrArray) records = g_task_propagate_pointer(G_TASK(result), &why);

	if (GPOINTER_TO_UINT(data) != self->scan)
		return;
	if (records)
		take_records(self, records);
	set_problem(self, why);
}

static gboolean on_settled(gpointer data)
{
	TsrLibrary *self = data;
	g_autoptr(GTask) task = NULL;

	self->settle = 0;
	task = g_task_new(self, NULL, on_scanned, GUINT_TO_POINTER(++self->scan));
	g_task_set_task_data(task, g_strdup(tsr_library_settings_get_folder(self->settings)),
			     g_free);
	g_task_run_in_thread(task, tsr_library_settings_has_folder(self->settings)
					   ? scan_chosen_on_thread
					   : scan_on_thread);
	return G_SOURCE_REMOVE;
}

void tsr_library_scan(TsrLibrary *self)
{
	if (!self->settle)
		self->settle = g_timeout_add(SETTLE_MS, on_settled, self);
}

/* -- Watching it */

/* What a guest writes, and the library's own pictures and logs, are no news. */
static gboolean is_news(GFile *file, GFileMonitorEvent event)
{
	g_autofree char *name = g_file_get_basename(file);

	switch (event) {
	case G_FILE_MONITOR_EVENT_CHANGED:
	case G_FILE_MONITOR_EVENT_CHANGES_DONE_HINT:
		return g_str_has_suffix(name, TSR_LIBRARY_SUFFIX);
	case G_FILE_MONITOR_EVENT_CREATED:
	case G_FILE_MONITOR_EVENT_DELETED:
	case G_FILE_MONITOR_EVENT_MOVED_IN:
	case G_FILE_MONITOR_EVENT_MOVED_OUT:
	case G_FILE_MONITOR_EVENT_RENAMED:
		return *name != '.' && !g_str_equal(name, TSR_LIBRARY_LOG) &&
		       !g_str_equal(name, TSR_LIBRARY_PICTURE);
	default:
		return FALSE;
	}
}

static void on_folder_event(GFileMonitor *monitor, GFile *file, GFile *other,
			    GFileMonitorEvent event, gpointer data)
{
	if (is_news(file, event) || (other && is_news(other, event)))
		tsr_library_scan(data);
}

/* A machine was started by somebody else. */
static void on_socket_event(GFileMonitor *monitor, GFile *file, GFile *other,
			    GFileMonitorEvent event, gpointer data)
{
	TsrLibrary *self = data;
	GListModel *list = G_LIST_MODEL(self->machines);

	for (guint i = 0;
	     event == G_FILE_MONITOR_EVENT_CREATED && i < g_list_model_get_n_items(list); i++) {
		g_autoptr(TsrLibraryMachine) machine = g_list_model_get_item(list, i);

		tsr_library_machine_look(machine);
	}
}

static GFileMonitor *watch(TsrLibrary *self, const char *folder, GCallback callback)
{
	g_autoptr(GFile) file = g_file_new_for_path(folder);
	GFileMonitor *monitor =
		g_file_monitor_directory(file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);

	if (monitor)
		g_signal_connect(monitor, "changed", callback, self);
	return monitor;
}

static void watch_folder(TsrLibrary *self)
{
	g_clear_object(&self->folder_monitor);
	self->folder_monitor = watch(self, tsr_library_settings_get_folder(self->settings),
				     G_CALLBACK(on_folder_event));
	tsr_library_scan(self);
}

void tsr_library_set_folder(TsrLibrary *self, const char *folder)
{
	tsr_library_settings_set_folder(self->settings, folder);
	watch_folder(self);
}

void tsr_library_set_live(TsrLibrary *self, gboolean live)
{
	GListModel *list = G_LIST_MODEL(self->machines);

	self->live = live;
	for (guint i = 0; i < g_list_model_get_n_items(list); i++) {
		g_autoptr(TsrLibraryMachine) machine = g_list_model_get_item(list, i);

		tsr_library_machine_set_live(machine, live);
	}
}

/* -- The object */

TsrLibrary *tsr_library_new(TsrLibrarySettings *settings, const char *program)
{
	TsrLibrary *self = g_object_new(TSR_TYPE_LIBRARY, NULL);
	g_autofree char *sockets = g_build_filename(g_get_user_runtime_dir(), SOCKET_FOLDER, NULL);

	self->settings = g_object_ref(settings);
	self->program = g_strdup(program);
	self->socket_monitor = watch(self, sockets, G_CALLBACK(on_socket_event));
	watch_folder(self);
	return self;
}

static void tsr_library_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
	TsrLibrary *self = TSR_LIBRARY(object);

	if (id == PROP_LOADED)
		g_value_set_boolean(value, self->loaded);
	else
		g_value_set_string(value, self->problem);
}

static void tsr_library_dispose(GObject *object)
{
	TsrLibrary *self = TSR_LIBRARY(object);

	g_clear_handle_id(&self->settle, g_source_remove);
	while (g_list_model_get_n_items(G_LIST_MODEL(self->machines)))
		remove_at(self, 0);
	g_clear_object(&self->folder_monitor);
	g_clear_object(&self->socket_monitor);
	g_hash_table_remove_all(self->monitors);
	G_OBJECT_CLASS(tsr_library_parent_class)->dispose(object);
}

static void tsr_library_finalize(GObject *object)
{
	TsrLibrary *self = TSR_LIBRARY(object);

	g_hash_table_unref(self->monitors);
	g_object_unref(self->machines);
	g_clear_object(&self->settings);
	g_free(self->program);
	g_free(self->problem);
	G_OBJECT_CLASS(tsr_library_parent_class)->finalize(object);
}

static void tsr_library_class_init(TsrLibraryClass *class)
{
	GObjectClass *object = G_OBJECT_CLASS(class);
	const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

	object->get_property = tsr_library_get_property;
	object->dispose = tsr_library_dispose;
	object->finalize = tsr_library_finalize;
	properties[PROP_LOADED] = g_param_spec_boolean("loaded", NULL, NULL, FALSE, flags);
	properties[PROP_PROBLEM] = g_param_spec_string("problem", NULL, NULL, NULL, flags);
	g_object_class_install_properties(object, N_PROPS, properties);
	failed_signal = g_signal_new("failed", TSR_TYPE_LIBRARY, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
				     NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
	refused_signal =
		g_signal_new("refused", TSR_TYPE_LIBRARY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
			     G_TYPE_NONE, 3, TSR_TYPE_LIBRARY_MACHINE, G_TYPE_UINT, G_TYPE_STRING);
}

static void tsr_library_init(TsrLibrary *self)
{
	self->machines = g_list_store_new(TSR_TYPE_LIBRARY_MACHINE);
	self->monitors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
}
