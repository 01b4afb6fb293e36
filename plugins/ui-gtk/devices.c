/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See devices.h. Instances are known by what they offer, not by their plugins. */
#include "devices.h"

void ui_device_free(gpointer data)
{
	struct ui_device *device = data;

	g_free(device->instance);
	g_free(device->file);
	g_free(device);
}

static gboolean has(TsrMachine *machine, const char *instance, const char *property,
		    const char *value)
{
	g_autofree char *text =
		tsr_machine_get_instance_property(machine, instance, property, NULL);

	return text && g_str_equal(text, value);
}

static void add(GPtrArray *devices, enum ui_device_kind kind, const char *instance,
		const char *file, gboolean is_inside)
{
	struct ui_device *device = g_new0(struct ui_device, 1);

	device->kind = kind;
	device->instance = g_strdup(instance);
	device->file = g_strdup(file);
	device->is_inside = is_inside;
	g_ptr_array_add(devices, device);
}

static void add_medium(TsrMachine *machine, GVariant *medium, GPtrArray *devices)
{
	const char *instance = NULL, *file = "";
	gboolean present = FALSE, removable;

	g_variant_lookup(medium, "file", "&s", &file);
	g_variant_lookup(medium, "present", "b", &present);
	if (!g_variant_lookup(medium, "instance", "&s", &instance))
		return;
	removable = has(machine, instance, "removable", "true");
	add(devices, removable ? UI_DEVICE_DISC : UI_DEVICE_DISK, instance, file, present);
}

/* One without a cable has nothing to change. */
static void add_network(TsrMachine *machine, GVariant *network, GPtrArray *devices)
{
	const char *instance = NULL, *link = NULL;

	if (g_variant_lookup(network, "instance", "&s", &instance) &&
	    g_variant_lookup(network, "link", "&s", &link))
		add(devices, UI_DEVICE_NETWORK, instance, "", g_str_equal(link, "true"));
}

static void add_each(TsrMachine *machine, GVariant *status, const char *name,
		     void (*add_one)(TsrMachine *machine, GVariant *one, GPtrArray *devices),
		     GPtrArray *devices)
{
	g_autoptr(GVariant) list = g_variant_lookup_value(status, name, G_VARIANT_TYPE("aa{sv}"));

	for (gsize i = 0; list && i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) one = g_variant_get_child_value(list, i);

		add_one(machine, one, devices);
	}
}

gboolean ui_devices_list(TsrMachine *machine, gpointer devices, GError **error)
{
	g_autoptr(GVariant) status = tsr_machine_get_status(machine);
	g_auto(GStrv) names = tsr_machine_list_instances(machine);

	add_each(machine, status, "media", add_medium, devices);
	add_each(machine, status, "networks", add_network, devices);
	for (char **name = names; *name; name++)
		if (has(machine, *name, "kind", "signal"))
			add(devices, UI_DEVICE_SERIAL, *name, "", TRUE);
	return TRUE;
}
