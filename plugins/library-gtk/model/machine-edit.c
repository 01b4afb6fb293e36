/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See machine-edit.h. The format is described in docs/MANIFESTS.md. */
#include "model/machine-edit.h"

#include <string.h>

#define CONNECT "connect."
#define BACKEND "backend"

/* -- Groups */

static char *group_of(const char *part)
{
	return g_strconcat("Instance ", part, NULL);
}

/* Whether the part comes from a machine that the manifest extends. */
static gboolean is_inherited(const struct tsr_edit *edit, const struct tsr_part *part)
{
	gsize length = strlen(edit->path);

	return strncmp(part->where, edit->path, length) != 0 || part->where[length] != ':';
}

static gboolean inherits(const struct tsr_edit *edit, const char *name)
{
	const struct tsr_part *part = tsr_parts_find(edit->parts, name);

	return part && is_inherited(edit, part);
}

/* value NULL: of what is inherited, an empty value takes it back. */
static void write_key(const struct tsr_edit *edit, const char *part, const char *key,
		      const char *value)
{
	g_autofree char *group = group_of(part);

	if (value)
		g_key_file_set_string(edit->file, group, key, value);
	else if (inherits(edit, part))
		g_key_file_set_string(edit->file, group, key, "");
	else
		g_key_file_remove_key(edit->file, group, key, NULL);
}

const struct tsr_plugin *tsr_edit_plugin_of(const struct tsr_edit *edit,
					    const struct tsr_part *part)
{
	return tsr_catalogue_find(edit->catalogue, part->id, *part->version ? part->version : NULL);
}

/* -- Keys */

void tsr_edit_set_memory(const struct tsr_edit *edit, guint mib)
{
	g_autofree char *text = g_strdup_printf("%uM", mib);

	g_key_file_set_string(edit->file, "Machine", "memory", text);
}

void tsr_edit_set_upgrades(const struct tsr_edit *edit, gboolean may)
{
	g_key_file_set_boolean(edit->file, "Machine", "upgrades", may);
}

/* What fills the slot now becomes keys; the keys of the slot go. */
static void leave_slot(const struct tsr_edit *edit, const struct tsr_part *part)
{
	g_autofree char *group = group_of(part->name);
	g_auto(GStrv) keys = g_key_file_get_keys(edit->file, group, NULL, NULL);
	GHashTableIter iter;
	gpointer key, value;

	for (char **each = keys; each && *each; each++)
		if (g_str_equal(*each, "slot") || g_str_has_prefix(*each, "slot."))
			g_key_file_remove_key(edit->file, group, *each, NULL);
	g_hash_table_iter_init(&iter, part->settings);
	while (g_hash_table_iter_next(&iter, &key, &value))
		if (!g_key_file_has_key(edit->file, group, key, NULL) && !is_inherited(edit, part))
			g_key_file_set_string(edit->file, group, key, value);
	if (is_inherited(edit, part))
		g_key_file_set_string(edit->file, group, "slot", "");
}

static gboolean is_default(const struct tsr_edit *edit, const struct tsr_part *part,
			   const char *property, const char *value)
{
	const struct tsr_plugin *plugin = tsr_edit_plugin_of(edit, part);
	const struct tsr_plugin_property *spec =
		plugin ? tsr_plugin_property_of(plugin, property) : NULL;

	return spec && g_str_equal(spec->initial, value);
}

void tsr_edit_set_property(const struct tsr_edit *edit, const char *name, const char *property,
			   const char *value)
{
	const struct tsr_part *part = tsr_parts_find(edit->parts, name);

	if (part && *part->slot && part->exists)
		leave_slot(edit, part);
	if (part && value && !is_inherited(edit, part) && is_default(edit, part, property, value))
		value = NULL;
	write_key(edit, name, property, value);
}

void tsr_edit_set_key(const struct tsr_edit *edit, const char *part, const char *key,
		      const char *value)
{
	write_key(edit, part, key, value);
}

void tsr_edit_connect(const struct tsr_edit *edit, const char *part, const char *need,
		      const char *other)
{
	g_autofree char *key = g_strconcat(CONNECT, need, NULL);

	write_key(edit, part, key, other);
}

void tsr_edit_set_version(const struct tsr_edit *edit, const char *name, const char *range)
{
	const struct tsr_part *part = tsr_parts_find(edit->parts, name);
	const char *mark = part && *part->requirement == '?' ? "?" : "";
	g_autofree char *text =
		part ? g_strconcat(mark, part->id, range ? " " : NULL, range, NULL) : NULL;

	if (text)
		write_key(edit, name, "plugin", text);
}

/* -- Adding */

/* Without digits at its end: "net" of "net0". */
static char *stem_of(const struct tsr_edit *edit, const char *id)
{
	for (guint i = 0; i < edit->parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(edit->parts->parts, i);
		gsize length = strlen(part->name);

		while (length > 1 && g_ascii_isdigit(part->name[length - 1]))
			length--;
		if (g_str_equal(part->id, id))
			return g_strndup(part->name, length);
	}
	return g_ascii_isdigit(id[strlen(id) - 1]) ? g_strconcat(id, "-", NULL) : g_strdup(id);
}

static char *free_name(const struct tsr_edit *edit, const char *stem)
{
	for (guint number = 0;; number++) {
		g_autofree char *name = g_strdup_printf("%s%u", stem, number),
				*group = group_of(name);

		if (!tsr_parts_find(edit->parts, name) && !g_key_file_has_group(edit->file, group))
			return g_steal_pointer(&name);
	}
}

char *tsr_edit_add(const struct tsr_edit *edit, const struct tsr_plugin *plugin)
{
	g_autofree char *stem = stem_of(edit, plugin->id), *group = NULL;
	char *name = free_name(edit, stem);

	group = group_of(name);
	g_key_file_set_string(edit->file, group, "plugin", plugin->id);
	return name;
}

/* -- Removing */

static gboolean has(GPtrArray *names, const char *name)
{
	return g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL);
}

/* Whether an existing part that stays is connected to it. */
static gboolean is_used(const struct tsr_edit *edit, const char *name, GPtrArray *removed)
{
	for (guint i = 0; i < edit->parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(edit->parts->parts, i);
		GHashTableIter iter;
		gpointer other;

		if (!part->exists || has(removed, part->name))
			continue;
		g_hash_table_iter_init(&iter, part->connections);
		while (g_hash_table_iter_next(&iter, NULL, &other))
			if (g_str_equal(other, name))
				return TRUE;
	}
	return FALSE;
}

static gboolean is_backend(const struct tsr_edit *edit, const struct tsr_part *part)
{
	const struct tsr_plugin *plugin = tsr_edit_plugin_of(edit, part);

	return plugin && g_str_equal(plugin->kind, BACKEND);
}

/* Whether a removed part is connected to it. */
static gboolean served(const struct tsr_edit *edit, const struct tsr_part *part, GPtrArray *removed)
{
	for (guint i = 0; i < removed->len; i++) {
		const struct tsr_part *user =
			tsr_parts_find(edit->parts, g_ptr_array_index(removed, i));
		GHashTableIter iter;
		gpointer other;

		g_hash_table_iter_init(&iter, user->connections);
		while (g_hash_table_iter_next(&iter, NULL, &other))
			if (g_str_equal(other, part->name))
				return TRUE;
	}
	return FALSE;
}

static gboolean goes_too(const struct tsr_edit *edit, const struct tsr_part *part,
			 GPtrArray *removed)
{
	const char *with = g_hash_table_lookup(part->settings, "with");

	if (with && has(removed, with))
		return TRUE;
	return part->exists && is_backend(edit, part) && served(edit, part, removed) &&
	       !is_used(edit, part->name, removed);
}

static GPtrArray *list_removed(const struct tsr_edit *edit, const char *name)
{
	GPtrArray *removed = g_ptr_array_new_with_free_func(g_free);
	guint before;

	g_ptr_array_add(removed, g_strdup(name));
	do {
		before = removed->len;
		for (guint i = 0; i < edit->parts->parts->len; i++) {
			const struct tsr_part *part = g_ptr_array_index(edit->parts->parts, i);

			if (!has(removed, part->name) && goes_too(edit, part, removed))
				g_ptr_array_add(removed, g_strdup(part->name));
		}
	} while (removed->len != before);
	return removed;
}

/* A slot of the manifest's own that nothing fills is as good as removed, and stays for the command
 * line. */
static gboolean empty_slot(const struct tsr_edit *edit, const struct tsr_part *part)
{
	g_autofree char *group = group_of(part->name);

	if (!*part->slot || is_inherited(edit, part))
		return FALSE;
	g_key_file_remove_key(edit->file, group, "slot.default", NULL);
	return TRUE;
}

/* It comes and goes with a slot. */
static gboolean follows_slot(const struct tsr_edit *edit, const struct tsr_part *part)
{
	const char *with = g_hash_table_lookup(part->settings, "with");
	const struct tsr_part *other = with ? tsr_parts_find(edit->parts, with) : NULL;

	return other && *other->slot && !is_inherited(edit, part) && !is_inherited(edit, other);
}

static void drop_group(const struct tsr_edit *edit, const struct tsr_part *part)
{
	g_autofree char *group = group_of(part->name);

	g_key_file_remove_group(edit->file, group, NULL);
	if (is_inherited(edit, part))
		g_key_file_set_string(edit->file, group, "plugin", "");
}

static void drop_connections(const struct tsr_edit *edit, const struct tsr_part *part,
			     GPtrArray *gone)
{
	GHashTableIter iter;
	gpointer key, value;

	g_hash_table_iter_init(&iter, part->settings);
	while (g_hash_table_iter_next(&iter, &key, &value)) {
		const char *other = (const char *)value + (*(const char *)value == '?');

		if (g_str_has_prefix(key, CONNECT) && has(gone, other))
			write_key(edit, part->name, key, NULL);
	}
}

GPtrArray *tsr_edit_remove(const struct tsr_edit *edit, const char *name)
{
	GPtrArray *removed = list_removed(edit, name);
	g_autoptr(GPtrArray) gone = g_ptr_array_new(); /* that are not even slots */

	for (guint i = 0; i < removed->len; i++) {
		const struct tsr_part *part =
			tsr_parts_find(edit->parts, g_ptr_array_index(removed, i));

		if (!part || empty_slot(edit, part) || follows_slot(edit, part))
			continue;
		drop_group(edit, part);
		g_ptr_array_add(gone, part->name);
	}
	for (guint i = 0; i < edit->parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(edit->parts->parts, i);

		if (!has(gone, part->name))
			drop_connections(edit, part, gone);
	}
	return removed;
}

/* -- What fits */

static gboolean needs_interface(const struct tsr_plugin *plugin, const char *interface)
{
	for (guint i = 0; i < plugin->needs->len; i++) {
		const struct tsr_plugin_need *need = g_ptr_array_index(plugin->needs, i);

		if (g_strv_contains((const char *const *)need->interfaces, interface))
			return TRUE;
	}
	return FALSE;
}

/* Of a part that is written, whether it exists or not; else any device that is no script. */
static const struct tsr_plugin *find_user(const struct tsr_edit *edit, const char *interface,
					  gboolean (*is_right)(const struct tsr_edit *edit,
							       const struct tsr_part *part))
{
	for (guint i = 0; i < edit->parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(edit->parts->parts, i);
		const struct tsr_plugin *plugin = tsr_edit_plugin_of(edit, part);

		if (plugin && needs_interface(plugin, interface) &&
		    (!is_right || is_right(edit, part)))
			return plugin;
	}
	for (guint i = 0; !is_right && i < edit->catalogue->plugins->len; i++) {
		const struct tsr_plugin *plugin = g_ptr_array_index(edit->catalogue->plugins, i);

		if (!*plugin->language && needs_interface(plugin, interface))
			return plugin;
	}
	return NULL;
}

const struct tsr_plugin *tsr_edit_find_network_card(const struct tsr_edit *edit)
{
	return find_user(edit, "tessera.net/1", NULL);
}

/* Its medium can be written. */
static gboolean writes(const struct tsr_edit *edit, const struct tsr_part *part)
{
	GHashTableIter iter;
	gpointer other;

	g_hash_table_iter_init(&iter, part->connections);
	while (g_hash_table_iter_next(&iter, NULL, &other)) {
		const struct tsr_part *medium = tsr_parts_find(edit->parts, other);

		if (medium &&
		    g_strcmp0(g_hash_table_lookup(medium->settings, "read-only"), "true") == 0)
			return FALSE;
	}
	return TRUE;
}

const struct tsr_plugin *tsr_edit_find_drive(const struct tsr_edit *edit)
{
	return find_user(edit, "tessera.block/1", writes);
}

const struct tsr_plugin *tsr_edit_find_backend(const struct tsr_edit *edit,
					       const struct tsr_plugin_need *need)
{
	for (guint i = 0; i < edit->catalogue->plugins->len; i++) {
		const struct tsr_plugin *plugin = g_ptr_array_index(edit->catalogue->plugins, i);

		if (g_str_equal(plugin->kind, BACKEND) && tsr_plugin_serves(plugin, need))
			return plugin;
	}
	return NULL;
}

static void add_places(GPtrArray *places, const struct tsr_part *part,
		       const struct tsr_plugin *user, const struct tsr_plugin *plugin)
{
	for (guint i = 0; i < user->needs->len; i++) {
		const struct tsr_plugin_need *need = g_ptr_array_index(user->needs, i);

		if (tsr_plugin_serves(plugin, need) &&
		    !g_hash_table_contains(part->connections, need->name))
			g_ptr_array_add(places, g_strdup_printf("%s.%s", part->name, need->name));
	}
}

GPtrArray *tsr_edit_list_places(const struct tsr_edit *edit, const struct tsr_plugin *plugin)
{
	GPtrArray *places = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < edit->parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(edit->parts->parts, i);
		const struct tsr_plugin *user = tsr_edit_plugin_of(edit, part);

		if (part->exists && user)
			add_places(places, part, user, plugin);
	}
	return places;
}

GPtrArray *tsr_edit_list_providers(const struct tsr_edit *edit, const struct tsr_plugin_need *need)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < edit->parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(edit->parts->parts, i);
		const struct tsr_plugin *plugin = tsr_edit_plugin_of(edit, part);

		if (part->exists && plugin && tsr_plugin_serves(plugin, need))
			g_ptr_array_add(names, g_strdup(part->name));
	}
	return names;
}
