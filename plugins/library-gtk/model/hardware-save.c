/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saves what was edited: into the manifest, and into the machine, if it runs. */
#include <string.h>

#include "model/hardware-private.h"
#include "model/machine-file.h"
#include "model/machine-private.h"
#include "model/program-call.h"
#include "model/text.h"

typedef struct {
	GPtrArray *orders; /* char **: `tessera ctl …`, one after another */
	guint next;
	GString *now, *later, *refused; /* what changed, for the user */
	struct tsr_parts *parts;        /* that are saved */
} Saving;

static void saving_free(gpointer data)
{
	Saving *saving = data;

	g_ptr_array_unref(saving->orders);
	g_string_free(saving->now, TRUE);
	g_string_free(saving->later, TRUE);
	g_string_free(saving->refused, TRUE);
	tsr_parts_free(saving->parts);
	g_free(saving);
}

static void list(GString *names, const char *part, const char *what)
{
	g_string_append_printf(names, "%s%s%s%s", names->len ? ", " : "", part, what ? "." : "",
			       what ? what : "");
}

/* How the command line sets a property of a running machine. */
static char **order_of(TsrHardware *self, const struct tsr_part *part,
		       const struct tsr_plugin_property *property, const char *value)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	g_autofree char *folder = g_path_get_dirname(self->path),
			*path = g_canonicalize_filename(value, folder),
			*setting = g_strdup_printf("%s.%s=%s", part->name, property->name, value);

	g_strv_builder_add_many(words, self->machine->program, "ctl", self->machine->socket, NULL);
	if (!g_str_equal(property->type, "file"))
		g_strv_builder_add_many(words, "set", setting, NULL);
	else if (*value)
		g_strv_builder_add_many(words, "insert", part->name, path, NULL);
	else
		g_strv_builder_add_many(words, "eject", part->name, NULL);
	return g_strv_builder_end(words);
}

static gboolean can_set_now(const struct tsr_plugin_property *property)
{
	return property->is_mutable && property->writable &&
	       (!g_str_equal(property->type, "file") || g_str_equal(property->name, "file"));
}

static void compare_property(TsrHardware *self, Saving *s, const struct tsr_part *before,
			     const struct tsr_part *after,
			     const struct tsr_plugin_property *property)
{
	const char *value = tsr_part_value(after, property);

	if (g_str_equal(tsr_part_value(before, property), value))
		return;
	if (tsr_library_machine_is_alive(self->machine) && can_set_now(property))
		g_ptr_array_add(s->orders, order_of(self, after, property, value));
	else
		list(s->later, after->name, property->name);
}

static gboolean same(GHashTable *a, GHashTable *b, const char *key)
{
	return g_strcmp0(g_hash_table_lookup(a, key), g_hash_table_lookup(b, key)) == 0;
}

/* Keys that are no properties: where and how it is connected. */
static void compare_wiring(Saving *s, const struct tsr_part *before, const struct tsr_part *after,
			   const struct tsr_plugin *plugin)
{
	GHashTable *tables[] = { before->settings, after->settings };
	g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
		GHashTableIter iter;
		gpointer key;

		g_hash_table_iter_init(&iter, tables[i]);
		while (g_hash_table_iter_next(&iter, &key, NULL))
			if (!same(before->settings, after->settings, key) &&
			    !tsr_plugin_property_of(plugin, key) && g_hash_table_add(told, key))
				list(s->later, after->name, key);
	}
}

static void compare_part(TsrHardware *self, Saving *s, const struct tsr_part *after)
{
	const struct tsr_part *before = tsr_parts_find(self->saved, after->name);
	const struct tsr_plugin *plugin = tsr_catalogue_find(
		self->catalogue, after->id, *after->version ? after->version : NULL);

	if (!before || !before->exists) {
		list(s->later, after->name, NULL);
		return;
	}
	for (guint i = 0; plugin && i < plugin->properties->len; i++)
		compare_property(self, s, before, after, g_ptr_array_index(plugin->properties, i));
	if (plugin)
		compare_wiring(s, before, after, plugin);
}

/* What of the change can be done now, and what has to wait for the machine's next start. */
static Saving *compare(TsrHardware *self)
{
	Saving *s = g_new0(Saving, 1);

	s->parts = tsr_parts_parse(self->printed);
	s->orders = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	s->now = g_string_new(NULL);
	s->later = g_string_new(NULL);
	s->refused = g_string_new(NULL);
	if (!g_str_equal(self->saved->memory, self->parts->memory))
		list(s->later, _("memory"), NULL);
	if (self->saved->upgrades != self->parts->upgrades)
		list(s->later, _("whether its devices can be upgraded"), NULL);
	for (guint i = 0; i < self->parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(self->parts->parts, i);

		if (part->exists)
			compare_part(self, s, part);
	}
	for (guint i = 0; i < self->saved->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(self->saved->parts, i),
				      *after = tsr_parts_find(self->parts, part->name);

		if (part->exists && (!after || !after->exists))
			list(s->later, part->name, NULL);
	}
	return s;
}

static char *tell(TsrHardware *self, const Saving *s)
{
	g_autoptr(GString) text = g_string_new(_("The machine file is saved."));

	if (s->now->len)
		g_string_append_printf(text, _(" Changed at once: %s."), s->now->str);
	if (s->refused->len)
		g_string_append_printf(text, _(" The running machine did not take %s."),
				       s->refused->str);
	if (s->later->len && tsr_library_machine_is_alive(self->machine))
		g_string_append_printf(text, _(" Needs a restart of the machine: %s."),
				       s->later->str);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void next_order(GTask *task);

static void on_order_done(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	Saving *s = g_task_get_task_data(task);
	char **order = g_ptr_array_index(s->orders, s->next++);
	g_autofree char *what = g_strndup(order[4], strcspn(order[4], "="));
	g_autoptr(GError) why = NULL;
	g_autofree char *printed = tsr_program_call_finish(result, &why),
			*refusal = why ? g_strdup_printf("%s (%s)", what, why->message) : NULL;

	list(printed ? s->now : s->refused, printed ? what : refusal, NULL);
	next_order(task);
}

static void next_order(GTask *task)
{
	TsrHardware *self = g_task_get_source_object(task);
	Saving *s = g_task_get_task_data(task);

	if (s->next < s->orders->len) {
		tsr_program_call(g_ptr_array_index(s->orders, s->next), self->cancellable,
				 on_order_done, g_object_ref(task));
		return;
	}
	self->is_saving = FALSE;
	g_task_return_pointer(task, tell(self, s), g_free);
	tsr_hardware_tell(self);
}

static void on_saved(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrHardware *self = TSR_HARDWARE(source);
	g_autoptr(GTask) task = data;
	Saving *s = g_task_get_task_data(task);
	GError *error = NULL;

	if (!g_task_propagate_boolean(G_TASK(result), &error)) {
		self->is_saving = FALSE;
		g_task_return_error(task, error);
		tsr_hardware_tell(self);
		return;
	}
	self->is_changed = self->is_judging; /* there was an edit meanwhile */
	g_ptr_array_set_size(self->made, 0);
	tsr_parts_free(self->saved);
	self->saved = g_steal_pointer(&s->parts);
	next_order(task);
}

void tsr_hardware_save(TsrHardware *self, GAsyncReadyCallback callback, gpointer user)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, user);

	if (self->problem || self->is_judging || self->is_saving || !self->saved) {
		g_task_return_new_error(task, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID, "%s",
					self->problem ? self->problem
						      : _("The change is not judged yet."));
		return;
	}
	self->is_saving = TRUE;
	g_task_set_task_data(task, compare(self), saving_free);
	tsr_hardware_write(self, self->path, self->text, on_saved, g_steal_pointer(&task));
	tsr_hardware_tell(self);
}

char *tsr_hardware_save_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
