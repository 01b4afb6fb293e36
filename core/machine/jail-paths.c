/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The jail of a machine. If upgrades are to be possible in it, it is told what can still be read:
 * the folders in which other versions of plugins are looked for, the lock that says which may be
 * taken, and the firmware that a device reads when it is attached. Media are not among them: they
 * are handed from one version to the next while they are open (tessera/draft/files.h).
 */
#include "machine/jail-paths.h"

#include "instance/instance.h"
#include "instance/machine-parts.h"
#include "jail/jail.h"
#include "manifest/paths.h"
#include "manifest/plugin.h"

static void add_firmware(GPtrArray *files, const TsrInstanceConfig *config)
{
	GPtrArray *specs = tsr_plugin_get_properties(config->plugin);

	for (guint i = 0; i < specs->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(specs, i);
		char *path = g_hash_table_lookup(config->properties, spec->name);

		if (spec->type == TSR_PROPERTY_FILE && spec->access == TSR_FILE_ACCESS_READ &&
		    path && *path)
			g_ptr_array_add(files, path);
	}
}

char *tsr_machine_close_jail(TsrMachine *m, unsigned needs)
{
	g_autoptr(GPtrArray) folders = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) files = g_ptr_array_new(); /* not owned */
	g_auto(GStrv) paths = tsr_paths_plugins();
	struct tsr_jail_upgrades upgrades;

	if (!m->config->upgrades)
		return tsr_jail_enter(needs, NULL);
	for (char **path = paths; *path; path++)
		g_ptr_array_add(folders, g_strdup(*path));
	if (m->config->lock)
		g_ptr_array_add(files, m->config->lock);
	for (guint i = 0; i < m->instances->len; i++) {
		const TsrInstance *instance = g_ptr_array_index(m->instances, i);

		g_ptr_array_add(folders, tsr_plugin_dup_folder(instance->config->plugin));
		add_firmware(files, instance->config);
	}
	g_ptr_array_add(folders, NULL);
	g_ptr_array_add(files, NULL);
	upgrades.folders = (const char *const *)folders->pdata;
	upgrades.files = (const char *const *)files->pdata;
	return tsr_jail_enter(needs, &upgrades);
}
