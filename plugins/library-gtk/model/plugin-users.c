/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See plugin-users.h. */
#include "model/plugin-users.h"

#include <string.h>

#include "model/machine-private.h"
#include "model/program-call.h"

/* -- The list */

static void user_free(gpointer data)
{
	struct tsr_plugin_user *u = data;

	g_object_unref(u->machine);
	g_free(u->part);
	g_free(u->id);
	g_free(u->version);
	g_free(u);
}

struct tsr_plugin_users *tsr_plugin_users_new(void)
{
	struct tsr_plugin_users *users = g_new0(struct tsr_plugin_users, 1);

	users->users = g_ptr_array_new_with_free_func(user_free);
	users->unread = g_ptr_array_new_with_free_func(g_object_unref);
	return users;
}

void tsr_plugin_users_free(struct tsr_plugin_users *users)
{
	if (!users)
		return;
	g_ptr_array_unref(users->users);
	g_ptr_array_unref(users->unread);
	g_free(users);
}

static void add(struct tsr_plugin_users *users, TsrLibraryMachine *machine, const char *part,
		const char *id, const char *version, gboolean runs)
{
	struct tsr_plugin_user *u = g_new0(struct tsr_plugin_user, 1);

	u->machine = g_object_ref(machine);
	u->part = g_strdup(part);
	u->id = g_strdup(id);
	u->version = g_strdup(version);
	u->runs = runs;
	g_ptr_array_add(users->users, u);
}

void tsr_plugin_users_add_parts(struct tsr_plugin_users *users, TsrLibraryMachine *machine,
				const struct tsr_parts *parts)
{
	for (guint i = 0; i < parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(parts->parts, i);

		if (part->exists && *part->version)
			add(users, machine, part->name, part->id, part->version, FALSE);
	}
}

gboolean tsr_plugin_users_add_status(struct tsr_plugin_users *users, TsrLibraryMachine *machine,
				     GVariant *status)
{
	g_autoptr(GVariant) plugins =
		g_variant_lookup_value(status, "plugins", G_VARIANT_TYPE("a{ss}"));
	const char *part, *plugin;
	GVariantIter iter;

	if (!plugins)
		return FALSE;
	g_variant_iter_init(&iter, plugins);
	while (g_variant_iter_next(&iter, "{&s&s}", &part, &plugin)) { /* "ID VERSION" */
		const char *blank = strchr(plugin, ' ');
		g_autofree char *id = blank ? g_strndup(plugin, (gsize)(blank - plugin)) : NULL;

		if (blank)
			add(users, machine, part, id, blank + 1, TRUE);
	}
	return TRUE;
}

/* -- Names */

static gboolean uses(const struct tsr_plugin_user *user, const char *id, const char *version)
{
	return g_str_equal(user->id, id) && g_str_equal(user->version, version);
}

/* The parts of one machine; a part of a running one may be both in its file and running. */
static void name_machine(GString *names, const struct tsr_plugin_users *users,
			 TsrLibraryMachine *machine, const char *id, const char *version)
{
	g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < users->users->len; i++) {
		const struct tsr_plugin_user *u = g_ptr_array_index(users->users, i);

		if (u->machine != machine || !uses(u, id, version) ||
		    !g_hash_table_add(told, u->part))
			continue;
		if (g_hash_table_size(told) == 1)
			g_string_append_printf(names, "%s%s (", names->len ? ", " : "",
					       tsr_library_machine_get_title(machine));
		g_string_append_printf(names, "%s%s", g_hash_table_size(told) > 1 ? ", " : "",
				       u->part);
	}
	if (g_hash_table_size(told))
		g_string_append_c(names, ')');
}

char *tsr_plugin_users_name(const struct tsr_plugin_users *users, const char *id,
			    const char *version)
{
	g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);
	g_autoptr(GString) names = g_string_new(NULL);

	for (guint i = 0; i < users->users->len; i++) {
		const struct tsr_plugin_user *u = g_ptr_array_index(users->users, i);

		if (g_hash_table_add(told, u->machine))
			name_machine(names, users, u->machine, id, version);
	}
	return names->len ? g_string_free(g_steal_pointer(&names), FALSE) : NULL;
}

/* -- Reading */

typedef struct {
	GPtrArray *machines;
	guint next;
	char *program;
	struct tsr_plugin_users *users;
} Reading;

static void reading_free(gpointer data)
{
	Reading *reading = data;

	g_ptr_array_unref(reading->machines);
	g_free(reading->program);
	tsr_plugin_users_free(reading->users);
	g_free(reading);
}

static void read_next(GTask *task);

static TsrLibraryMachine *machine_of(const Reading *reading)
{
	return g_ptr_array_index(reading->machines, reading->next);
}

/* Once for each machine. */
static void miss(Reading *reading)
{
	TsrLibraryMachine *machine = machine_of(reading);

	if (!g_ptr_array_find(reading->users->unread, machine, NULL))
		g_ptr_array_add(reading->users->unread, g_object_ref(machine));
}

/* Takes the task. */
static void go_on(GTask *task)
{
	Reading *reading = g_task_get_task_data(task);

	reading->next++;
	read_next(task);
}

static void on_status(GObject *source, GAsyncResult *result, gpointer data)
{
	Reading *reading = g_task_get_task_data(data);
	g_autoptr(GVariant) status = tsr_library_machine_get_status_finish(result, NULL);

	if (!status ||
	    !tsr_plugin_users_add_status(reading->users, TSR_LIBRARY_MACHINE(source), status))
		miss(reading);
	go_on(data);
}

static void on_parts(GObject *source, GAsyncResult *result, gpointer data)
{
	Reading *reading = g_task_get_task_data(data);
	TsrLibraryMachine *machine = machine_of(reading);
	g_autofree char *printed = tsr_program_call_finish(result, NULL);
	struct tsr_parts *parts = tsr_parts_parse(printed);

	if (parts)
		tsr_plugin_users_add_parts(reading->users, machine, parts);
	else
		miss(reading);
	tsr_parts_free(parts);
	if (tsr_library_machine_is_alive(machine))
		tsr_library_machine_get_status(machine, on_status, data);
	else
		go_on(data);
}

/* Takes the task. */
static void read_next(GTask *task)
{
	Reading *reading = g_task_get_task_data(task);
	const char *words[] = { reading->program, "parts", NULL, "--gvariant", NULL };

	while (reading->next < reading->machines->len && !machine_of(reading)->record->manifest) {
		miss(reading);
		reading->next++;
	}
	if (g_task_return_error_if_cancelled(task)) {
		g_object_unref(task);
	} else if (reading->next == reading->machines->len) {
		g_task_return_pointer(task, g_steal_pointer(&reading->users),
				      (GDestroyNotify)tsr_plugin_users_free);
		g_object_unref(task);
	} else {
		words[2] = machine_of(reading)->record->manifest;
		tsr_program_call(words, g_task_get_cancellable(task), on_parts, task);
	}
}

void tsr_plugin_users_read(GListModel *machines, const char *program, GCancellable *cancellable,
			   GAsyncReadyCallback callback, gpointer user)
{
	GTask *task = g_task_new(NULL, cancellable, callback, user);
	Reading *reading = g_new0(Reading, 1);

	reading->machines = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < g_list_model_get_n_items(machines); i++)
		g_ptr_array_add(reading->machines, g_list_model_get_item(machines, i));
	reading->program = g_strdup(program);
	reading->users = tsr_plugin_users_new();
	g_task_set_task_data(task, reading, reading_free);
	read_next(task);
}

struct tsr_plugin_users *tsr_plugin_users_read_finish(GAsyncResult *result)
{
	return g_task_propagate_pointer(G_TASK(result), NULL);
}
