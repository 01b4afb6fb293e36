/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See snapshots.h. */
#include "model/snapshots.h"

#include "model/machine-private.h"
#include "model/name.h"
#include "model/program-call.h"
#include "model/text.h"

/* -- The process */

static char **arguments_of(TsrLibraryMachine *machine, const char *const *words)
{
	g_autoptr(GStrvBuilder) arguments = g_strv_builder_new();

	g_strv_builder_add(arguments, machine->program);
	if (tsr_library_machine_is_alive(machine))
		g_strv_builder_add_many(arguments, "ctl", machine->socket, NULL);
	g_strv_builder_add_many(arguments, "snapshot", machine->record->folder, NULL);
	for (; *words; words++)
		g_strv_builder_add(arguments, *words);
	return g_strv_builder_end(arguments);
}

/* Once it has begun it is not cancelled: only nobody waits for it any more. */
static void on_ended(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	GError *error = NULL;
	char *output = tsr_program_call_finish(result, &error);

	if (output)
		g_task_return_pointer(task, output, g_free);
	else
		g_task_return_error(task, error);
}

void tsr_snapshots_run(TsrLibraryMachine *machine, const char *const *words,
		       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user)
{
	g_autoptr(GTask) task = g_task_new(machine, cancellable, callback, user);
	g_auto(GStrv) arguments = arguments_of(machine, words);

	tsr_program_call((const char *const *)arguments, NULL, on_ended, g_steal_pointer(&task));
}

char *tsr_snapshots_run_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* -- The list */

static void snapshot_free(gpointer data)
{
	struct tsr_snapshot *s = data;

	g_free(s->name);
	g_free(s->details);
	g_free(s->note);
	g_free(s->picture);
	g_free(s);
}

static char *get_text(GVariant *fields, const char *key)
{
	char *text = NULL;

	return g_variant_lookup(fields, key, "s", &text) ? text : g_strdup("");
}

static gboolean get_flag(GVariant *fields, const char *key)
{
	gboolean value = FALSE;

	return g_variant_lookup(fields, key, "b", &value) && value;
}

static guint get_number(GVariant *fields, const char *key)
{
	guint value = 0;

	g_variant_lookup(fields, key, "u", &value);
	return value;
}

static char *describe(GVariant *fields)
{
	gint64 time = 0;
	guint64 bytes = 0;

	g_variant_lookup(fields, "time", "x", &time);
	g_variant_lookup(fields, "bytes", "t", &bytes);
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(time);
	g_autofree char *date = when ? g_date_time_format(when, "%x %R") : g_strdup("?"),
			*size = g_format_size(bytes);

	return g_strdup_printf(get_flag(fields, "state") ? _("%s · running · %s")
							 : _("%s · off · %s"),
			       date, size);
}

static struct tsr_snapshot *snapshot_new(GVariant *fields, guint depth)
{
	struct tsr_snapshot *s = g_new0(struct tsr_snapshot, 1);

	s->id = get_number(fields, "id");
	s->depth = depth;
	s->name = get_text(fields, "name");
	s->note = get_text(fields, "note");
	s->picture = get_text(fields, "picture");
	s->is_current = get_flag(fields, "current");
	s->details = describe(fields);
	return s;
}

/* Ids grow from parent to child, so this ends. */
static void add_below(GVariant *list, guint parent, guint depth, GPtrArray *snapshots)
{
	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) fields = g_variant_get_child_value(list, i);
		const gboolean hidden = get_flag(fields, "hidden");
		const guint id = get_number(fields, "id");

		if (get_number(fields, "parent") != parent || id <= parent)
			continue;
		if (!hidden)
			g_ptr_array_add(snapshots, snapshot_new(fields, depth));
		add_below(list, id, depth + !hidden, snapshots);
	}
}

GPtrArray *tsr_snapshots_parse(const char *text)
{
	GPtrArray *snapshots = g_ptr_array_new_with_free_func(snapshot_free);
	g_autoptr(GVariant) list =
		g_variant_parse(G_VARIANT_TYPE("aa{sv}"), text, NULL, NULL, NULL);

	if (list)
		add_below(list, 0, 0, snapshots);
	return snapshots;
}

char *tsr_snapshots_clone_folder(TsrLibraryMachine *machine, const char *title)
{
	g_autofree char *parent = g_path_get_dirname(machine->record->folder),
			*name = tsr_library_free_name(parent, title);

	return g_build_filename(parent, name, NULL);
}
