/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of a machine's saved state is kept, and how it takes the place of what today's machine has
 * saved. A file has the state of the instances that the check itself adds to the preset (the
 * plugin, its peers and users, the driver), and their part of what the core saves, so that the rest
 * of the preset may change.
 */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kept.h"

#define DRIVER "cpu0"

/* -- Whose state is in the file */

static gboolean is_ours(const char *name)
{
	return g_str_equal(name, core_instance()) || g_str_equal(name, DRIVER) ||
	       g_str_has_prefix(name, "peer") || g_str_has_prefix(name, "user");
}

/* A function is named DD.F, a line INSTANCE:RESOURCE. */
static gboolean is_our_function(const char *name)
{
	g_auto(GStrv) places = g_strsplit(core_places(), " ", -1);
	unsigned device, function, device2, function2;

	for (char **place = places; *place; place++)
		if (sscanf(*place, "pci:%x.%x", &device, &function) == 2 &&
		    sscanf(name, "%x.%x", &device2, &function2) == 2 && device == device2 &&
		    function == function2)
			return TRUE;
	return FALSE;
}

gboolean core_is_our_line(const char *name)
{
	g_autofree char *instance = g_strndup(name, strcspn(name, ":"));

	return is_ours(instance);
}

/* -- Into the file */

static GVariant *pick(GVariant *part, gboolean (*is_one)(const char *name))
{
	GVariantBuilder picked;
	GVariantIter iter;
	const char *name;
	GVariant *value;

	g_variant_builder_init(&picked, G_VARIANT_TYPE_VARDICT);
	g_variant_iter_init(&iter, part);
	while (g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
		if (is_one(name))
			g_variant_builder_add(&picked, "{sv}", name, value);
		g_variant_unref(value);
	}
	return g_variant_builder_end(&picked);
}

GVariant *core_part_of(GVariant *head, const char *name)
{
	GVariant *part = g_variant_lookup_value(head, name, G_VARIANT_TYPE_VARDICT);

	if (!part)
		check_fail("the core has saved no %s", name);
	return part;
}

static GVariant *instances_of(GVariant *head)
{
	GVariant *part = g_variant_lookup_value(head, "instances", G_VARIANT_TYPE("a{s(sua{sv})}"));

	if (!part)
		check_fail("the core has saved no instances");
	return part;
}

static void put_instances(GKeyFile *kept, GVariant *head)
{
	g_autoptr(GVariant) instances = instances_of(head);
	GVariantIter iter;
	const char *name, *plugin;
	guint32 version;
	GVariant *fields;

	g_variant_iter_init(&iter, instances);
	while (g_variant_iter_next(&iter, "{&s(&su@a{sv})}", &name, &plugin, &version, &fields)) {
		if (is_ours(name))
			kept_add_instance(kept, name, plugin, version, fields);
		g_variant_unref(fields);
	}
}

/* Entries that a new machine has otherwise. */
static GVariant *pick_changed(GVariant *part, GVariant *new_part)
{
	GVariantBuilder picked;
	GVariantIter iter;
	const char *name;
	GVariant *value;

	g_variant_builder_init(&picked, G_VARIANT_TYPE_VARDICT);
	g_variant_iter_init(&iter, part);
	while (g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
		g_autoptr(GVariant) other = g_variant_lookup_value(new_part, name, NULL);

		if (!other || !g_variant_equal(value, other))
			g_variant_builder_add(&picked, "{sv}", name, value);
		g_variant_unref(value);
	}
	return g_variant_builder_end(&picked);
}

void core_put_state(GKeyFile *kept, GVariant *head, GVariant *new_head)
{
	g_autoptr(GVariant) pci = core_part_of(head, "pci"), lines = core_part_of(head, "lines"),
			    clock = core_part_of(head, "clock"), map = core_part_of(head, "map"),
			    new_map = core_part_of(new_head, "map");

	kept_set_board(kept, "clock", clock);
	kept_set_board(kept, "map", pick_changed(map, new_map));
	kept_set_board(kept, "pci", pick(pci, is_our_function));
	kept_set_board(kept, "lines", pick(lines, core_is_our_line));
	put_instances(kept, head);
}

/* -- Out of the file, into a state of today */

/* Entries of the file win over those of today. */
static GVariant *merge(GVariant *today, GVariant *then)
{
	GVariantDict dict;
	GVariantIter iter;
	const char *name;
	GVariant *value;

	g_variant_dict_init(&dict, today);
	if (then)
		g_variant_iter_init(&iter, then);
	while (then && g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
		g_variant_dict_insert_value(&dict, name, value);
		g_variant_unref(value);
	}
	return g_variant_dict_end(&dict);
}

static GVariant *merge_instances(GKeyFile *kept, GVariant *today)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	GVariantBuilder all;
	GVariantIter iter;
	const char *name, *plugin;
	guint32 version, then;
	GVariant *fields, *old;

	g_variant_builder_init(&all, G_VARIANT_TYPE("a{s(sua{sv})}"));
	g_variant_iter_init(&iter, today);
	while (g_variant_iter_next(&iter, "{&s(&su@a{sv})}", &name, &plugin, &version, &fields)) {
		old = is_ours(name) ? kept_fields(kept, name, &then) : NULL;
		if (is_ours(name) && !old)
			check_fail("it was made without %s, which is beside the plugin today",
				   plugin);
		g_ptr_array_add(names, (gpointer)name);
		g_variant_builder_add(&all, "{s(su@a{sv})}", name, plugin, old ? then : version,
				      old ? old : fields);
		g_clear_pointer(&old, g_variant_unref);
		g_variant_unref(fields);
	}
	kept_check_instances(kept, names);
	return g_variant_builder_end(&all);
}

GVariant *core_merge_state(GKeyFile *kept, GVariant *head)
{
	static const char *const parts[] = { "clock", "map", "pci", "lines" };
	g_autoptr(GVariant) instances = instances_of(head);
	GVariantDict dict;

	g_variant_dict_init(&dict, head);
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autoptr(GVariant) today = core_part_of(head, parts[i]),
				    then = kept_board(kept, parts[i], "a{sv}");

		g_variant_dict_insert_value(&dict, parts[i], merge(today, then));
	}
	g_variant_dict_insert_value(&dict, "instances", merge_instances(kept, instances));
	return g_variant_ref_sink(g_variant_dict_end(&dict));
}
