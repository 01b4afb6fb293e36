/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What somebody wants to know who looks after a machine, as named values: each section adds its
 * own, in the order in which they are shown.
 */
#include <tessera/block.h>
#include <tessera/net.h>

#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/posts.h"
#include "instance/remote-form.h"
#include "run/timekeeper.h"

static void put(GVariantBuilder *to, const char *name, GVariant *value)
{
	g_variant_builder_add(to, "{sv}", name, value);
}

/* Nothing if the instance has no such property. */
static void put_property(GVariantBuilder *to, TsrInstance *instance, const char *name)
{
	g_autofree char *value = tsr_instance_get_property(instance, name, NULL);

	if (value)
		put(to, name, g_variant_new_take_string(g_utf8_make_valid(value, -1)));
}

/* Which version each instance is of, which changes when one is upgraded. */
static GVariant *list_plugins(TsrMachine *m)
{
	GVariantBuilder plugins;

	g_variant_builder_init(&plugins, G_VARIANT_TYPE("a{ss}"));
	for (guint i = 0; i < m->instances->len; i++) {
		const TsrInstance *instance = g_ptr_array_index(m->instances, i);

		g_variant_builder_add(&plugins, "{ss}", instance->config->name,
				      instance->callee.plugin);
	}
	return g_variant_builder_end(&plugins);
}

static void put_machine(TsrMachine *m, GVariantBuilder *status)
{
	GEnumClass *states = g_type_class_ref(TSR_TYPE_MACHINE_STATE);
	g_auto(GStrv) names = tsr_machine_list_instances(m);

	put(status, "name", g_variant_new_string(tsr_machine_get_name(m)));
	put(status, "state",
	    g_variant_new_string(g_enum_get_value(states, (int)m->state)->value_nick));
	put(status, "jail", g_variant_new_string(tsr_machine_get_jail(m)));
	put(status, "exit-status", g_variant_new_int32(m->exit_status));
	put(status, "instances", g_variant_new_strv((const char *const *)names, -1));
	put(status, "plugins", list_plugins(m));
	g_type_class_unref(states);
}

static void put_time(TsrMachine *m, GVariantBuilder *status)
{
	gint64 since = m->started_us ? g_get_monotonic_time() - m->started_us : 0;

	put(status, "seconds-since-start", g_variant_new_double((double)since / G_USEC_PER_SEC));
	put(status, "guest-time-ns", g_variant_new_uint64(tsr_timekeeper_now(m->clock)));
	put(status, "clock-lag-ns", g_variant_new_uint64(tsr_timekeeper_lag(m->clock)));
}

static void put_medium(TsrInstance *instance, const struct tsr_interface *found,
		       GVariantBuilder *media)
{
	const struct tsr_block *block = found->table;
	struct tsr_block_info info = { .size = sizeof(info) };

	block->info(found->self, &info);
	g_variant_builder_open(media, G_VARIANT_TYPE_VARDICT);
	put(media, "instance", g_variant_new_string(instance->config->name));
	put(media, "present", g_variant_new_boolean(info.present));
	put(media, "read-only", g_variant_new_boolean(info.read_only));
	put(media, "bytes", g_variant_new_uint64(info.length));
	put_property(media, instance, "file");
	put_property(media, instance, "mode");
	g_variant_builder_close(media);
}

static void put_network(TsrInstance *instance, const struct tsr_interface *found,
			GVariantBuilder *networks)
{
	g_variant_builder_open(networks, G_VARIANT_TYPE_VARDICT);
	put(networks, "instance", g_variant_new_string(instance->config->name));
	put(networks, "plugin", g_variant_new_string(tsr_plugin_get_id(instance->config->plugin)));
	put_property(networks, instance, "link");
	put_property(networks, instance, "hostfwd");
	g_variant_builder_close(networks);
}

/* A list of the instances that provide an interface. */
static void put_providers(TsrMachine *m, GVariantBuilder *status, const char *name,
			  const char *interface,
			  void (*put_one)(TsrInstance *instance, const struct tsr_interface *found,
					  GVariantBuilder *to))
{
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < m->instances->len; i++) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);
		struct tsr_interface found;

		if (tsr_instance_get_interface(instance, interface, &found))
			put_one(instance, &found, &list);
	}
	put(status, name, g_variant_builder_end(&list));
}

static void put_media(TsrMachine *m, GVariantBuilder *status)
{
	put_providers(m, status, "media", TSR_BLOCK, put_medium);
}

static void put_networks(TsrMachine *m, GVariantBuilder *status)
{
	put_providers(m, status, "networks", TSR_NET, put_network);
}

/* What the host did to an instance, which tells it by a property of this name. */
static void put_faults(TsrMachine *m, GVariantBuilder *status)
{
	GVariantBuilder faults;

	g_variant_builder_init(&faults, G_VARIANT_TYPE("a{ss}"));
	for (guint i = 0; i < m->instances->len; i++) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);
		g_autofree char *fault = tsr_instance_get_property(instance, "fault", NULL);

		if (!fault || !*fault)
			continue;
		g_autofree char *text = g_utf8_make_valid(fault, -1);
		g_variant_builder_add(&faults, "{ss}", instance->config->name, text);
	}
	put(status, "faults", g_variant_builder_end(&faults));
}

static void put_counters(TsrMachine *m, GVariantBuilder *status)
{
	put(status, "signals-dropped", g_variant_new_uint64(tsr_posts_dropped(m->posts)));
}

static void (*const sections[])(TsrMachine *m, GVariantBuilder *status) = {
	put_machine, put_time, put_media, put_networks, put_faults, put_counters,
};

GVariant *tsr_machine_get_status(TsrMachine *self)
{
	GVariantBuilder status;

	if (self->form)
		return self->form->get_status(self);
	g_variant_builder_init(&status, G_VARIANT_TYPE_VARDICT);
	tsr_machine_lock(self);
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		sections[i](self, &status);
	tsr_machine_unlock(self);
	return g_variant_ref_sink(g_variant_builder_end(&status));
}

guint64 tsr_machine_get_clock_lag(TsrMachine *self)
{
	guint64 lag = 0;

	if (self->form) {
		g_autoptr(GVariant) status = self->form->get_status(self);

		g_variant_lookup(status, "clock-lag-ns", "t", &lag);
		return lag;
	}
	tsr_machine_lock(self);
	lag = tsr_timekeeper_lag(self->clock);
	tsr_machine_unlock(self);
	return lag;
}
