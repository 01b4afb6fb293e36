/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked of a machine that exists, and told to one of its instances: names, lines,
 * properties, media, figures. */
#include <tessera-glib/machine.h>
#include <tessera/draft/mmu.h>

#include "board/lines.h"
#include "instance/holds.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/posts.h"
#include "instance/remote-form.h"
#include "manifest/plugin.h"
#include "run/timekeeper.h"

/* -- Instances */

char **tsr_machine_list_instances(TsrMachine *self)
{
	char **names;

	if (self->form)
		return self->form->list_instances(self);
	names = g_new0(char *, self->instances->len + 1);
	for (guint i = 0; i < self->instances->len; i++)
		names[i] = g_strdup(
			((TsrInstance *)g_ptr_array_index(self->instances, i))->config->name);
	return names;
}

char **tsr_machine_list_lines(TsrMachine *self)
{
	char **lines;

	if (self->form)
		return self->form->list_lines(self);
	tsr_machine_lock(self);
	lines = tsr_lines_list(self->lines);
	tsr_machine_unlock(self);
	return lines;
}

char **tsr_machine_list_viewers(TsrMachine *self)
{
	g_autoptr(GStrvBuilder) lines = NULL;

	if (self->form)
		return self->form->list_viewers(self);
	lines = g_strv_builder_new();
	for (guint i = 0; i < self->config->instances->len; i++) {
		const TsrInstanceConfig *config = g_ptr_array_index(self->config->instances, i);
		g_autofree char *line = g_strdup_printf("%s %s =%s", config->name,
							tsr_plugin_get_id(config->plugin),
							tsr_plugin_get_version(config->plugin));
		if (config->apart)
			g_strv_builder_add(lines, line);
	}
	return g_strv_builder_end(lines);
}

/* What the machine's manifest gives a viewer; NULL if that is none, or has no such property. */
static char *viewer_property(TsrMachine *self, const char *name, const char *property)
{
	TsrInstanceConfig *config = tsr_config_find(self->config, name);

	return config && config->apart ? g_strdup(g_hash_table_lookup(config->properties, property))
				       : NULL;
}

static TsrInstance *find_or_error(TsrMachine *self, const char *name, GError **error)
{
	TsrInstance *instance = tsr_machine_find_instance(self, name);

	if (!instance)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "this machine has no instance '%s'", name);
	return instance;
}

char *tsr_machine_get_instance_property(TsrMachine *self, const char *instance,
					const char *property, GError **error)
{
	TsrInstance *found;
	char *value;

	if (self->form)
		return self->form->get_instance_property(self, instance, property, error);
	value = viewer_property(self, instance, property);
	if (value)
		return value;
	found = find_or_error(self, instance, error);
	if (!found)
		return NULL;
	tsr_machine_lock(self);
	value = tsr_instance_get_property(found, property, error);
	tsr_machine_unlock(self);
	return value;
}

gboolean tsr_machine_set_instance_property(TsrMachine *self, const char *instance,
					   const char *property, const char *value, GError **error)
{
	TsrInstance *found;
	gboolean good;

	if (self->form)
		return self->form->set_instance_property(self, instance, property, value, error);
	found = find_or_error(self, instance, error);
	if (!found)
		return FALSE;
	tsr_machine_lock(self);
	good = tsr_instance_set_property(found, property, value, error);
	tsr_machine_unlock(self);
	return good;
}

gboolean tsr_machine_insert_fd(TsrMachine *self, const char *instance, int fd, const char *name,
			       GError **error)
{
	TsrInstance *found;
	gboolean good;

	if (self->form)
		return self->form->insert_fd(self, instance, fd, name, error);
	found = find_or_error(self, instance, error);
	if (!found)
		return FALSE;
	tsr_machine_lock(self);
	good = tsr_instance_set_property_fd(found, "file", name, fd, error);
	tsr_machine_unlock(self);
	return good;
}

/* -- Observation */

static void put_stat(void *user, const char *name, uint64_t value)
{
	g_string_append_printf(user, "%s %" G_GUINT64_FORMAT "\n", name, (guint64)value);
}

char *tsr_machine_get_stats(TsrMachine *self)
{
	struct tsr_interface found;
	GString *text;

	if (self->form)
		return self->form->get_stats(self);
	text = g_string_new(NULL);
	tsr_machine_lock(self);
	put_stat(text, "instructions", self->cpu->instructions(self->cpu_self));
	put_stat(text, "guest-time-ns", tsr_timekeeper_now(self->clock));
	put_stat(text, "clock-lag-ns", tsr_timekeeper_lag(self->clock));
	put_stat(text, "signals-dropped", tsr_posts_dropped(self->posts));
	tsr_holds_print(self, text);
	if (self->cpu->stats)
		self->cpu->stats(self->cpu_self, put_stat, text);
	if (tsr_instance_get_interface(self->mmu_instance, TSR_MMU, &found)) {
		const struct tsr_mmu *mmu = found.table;
		if (mmu->stats)
			mmu->stats(found.self, put_stat, text);
	}
	tsr_machine_unlock(self);
	return g_string_free(text, FALSE);
}

gboolean tsr_machine_tap_line(TsrMachine *self, const char *line, gboolean on, GError **error)
{
	gboolean found;

	if (self->form)
		return self->form->tap_line(self, line, on, error);
	tsr_machine_lock(self);
	found = tsr_lines_tap(self->lines, line, on);
	tsr_machine_unlock(self);
	if (!found)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "no line '%s'; give INSTANCE:RESOURCE or PROVIDER:INPUT", line);
	return found;
}
