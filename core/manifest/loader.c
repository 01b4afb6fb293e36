/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See loader.h. A plugin that was mapped once is never unmapped: timers, threads and signal
 * handlers may still lead into it, and an upgrade of the file on disk must not touch a machine that
 * runs.
 */
#include <dlfcn.h>

#include <tessera-glib/machine.h>

#include "calls/call.h"
#include "calls/code-map.h"
#include "manifest/loader.h"

static char *abi_text(const TsrVersion *abi)
{
	return abi->parts == 1 ? g_strdup_printf("%u.*", abi->part[0])
			       : g_strdup_printf("%u.%u", abi->part[0], abi->part[1]);
}

gboolean tsr_loader_check_abi(TsrPlugin *plugin, GError **error)
{
	const TsrVersion core = { { TSR_ABI_MAJOR, TSR_ABI_MINOR, 0 }, 2 };
	const TsrVersion *newest = &plugin->abi_newest;
	g_autofree char *oldest_text = abi_text(&plugin->abi_oldest);
	g_autofree char *newest_text = abi_text(newest);
	gboolean too_new = tsr_version_compare(&plugin->abi_oldest, &core) > 0;
	gboolean too_old = newest->part[0] < core.part[0] ||
			   (newest->parts == 2 && tsr_version_compare(newest, &core) < 0);

	if (!too_new && !too_old)
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_VERSION,
		    "plugin %s %s needs ABI %s to %s, this Tessera has %u.%u: install a %s",
		    plugin->id, plugin->version, oldest_text, newest_text, core.part[0],
		    core.part[1],
		    too_new ? "newer Tessera, or an older version of the plugin"
			    : "newer version of the plugin");
	return FALSE;
}

static gboolean refuse(TsrPlugin *plugin, int code, GError **error, const char *why)
{
	g_set_error(error, TSR_MACHINE_ERROR, code, "plugin %s %s: %s: %s", plugin->id,
		    plugin->version, plugin->library, why);
	return FALSE;
}

static gboolean check_entry(TsrPlugin *plugin, const struct tsr_plugin_entry *entry, GError **error)
{
	g_autofree char *why = NULL;

	/* What an entry had from the first: a member that it has got since may be absent. */
	if (entry->size < TSR_SIZE_TO(struct tsr_plugin_entry, get_factory))
		return refuse(plugin, TSR_MACHINE_ERROR_VERSION, error,
			      "its " TSR_PLUGIN_SYMBOL
			      " is too small; build it again with this SDK's headers");
	bool too_old = entry->abi.major < TSR_ABI_MAJOR || (entry->abi.major == TSR_ABI_MAJOR &&
							    entry->abi.minor < TSR_ABI_FIRST_MINOR);
	if (too_old || entry->abi.major > TSR_ABI_MAJOR || entry->abi.minor > TSR_ABI_MINOR) {
		why = g_strdup_printf(
			"built for ABI %u.%u, this Tessera has %u.%u; %s", entry->abi.major,
			entry->abi.minor, TSR_ABI_MAJOR, TSR_ABI_MINOR,
			too_old ? "build it again with this SDK" : "install a newer Tessera");
		return refuse(plugin, TSR_MACHINE_ERROR_VERSION, error, why);
	}
	if (!entry->id || !entry->version || !entry->get_factory)
		return refuse(plugin, TSR_MACHINE_ERROR_INVALID, error,
			      "its " TSR_PLUGIN_SYMBOL " lacks id, version or get_factory");
	if (!g_str_equal(entry->id, plugin->id) || !g_str_equal(entry->version, plugin->version)) {
		why = g_strdup_printf(
			"the library is %s %s; manifest and library are not of one build",
			entry->id, entry->version);
		return refuse(plugin, TSR_MACHINE_ERROR_VERSION, error, why);
	}
	return TRUE;
}

static gboolean check_factory(TsrPlugin *plugin, const struct tsr_plugin_entry *entry,
			      GError **error)
{
	if (!entry->get_factory("tessera.no-such-factory/0"))
		return TRUE;
	return refuse(plugin, TSR_MACHINE_ERROR_INVALID, error,
		      "its get_factory returns a table for a name that it cannot know; it must "
		      "return NULL for every name but those that it has");
}

static gboolean absent(TsrPlugin *plugin, GError **error)
{
	return refuse(plugin, TSR_MACHINE_ERROR_NOT_FOUND, error,
		      "no such library; install it beside its manifest");
}

/* Runs the library's constructors. */
static void *open_library(const TsrPlugin *plugin, const char *path)
{
	g_autofree char *name = g_strdup_printf("%s %s", plugin->id, plugin->version);
	struct tsr_callee callee = { .plugin = name };
	void *object;

	TSR_CALLING(&callee, "constructors", object = dlopen(path, RTLD_NOW | RTLD_LOCAL));
	return object;
}

const struct tsr_plugin_entry *tsr_loader_load(TsrPlugin *plugin, GError **error)
{
	g_autofree char *path = g_canonicalize_filename(plugin->library, NULL);
	const struct tsr_plugin_entry *entry;
	void *object;

	if (plugin->entry)
		return plugin->entry;
	if (!tsr_loader_check_abi(plugin, error))
		return NULL;
	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
		absent(plugin, error);
		return NULL;
	}
	object = open_library(plugin, path);
	if (!object) {
		refuse(plugin, TSR_MACHINE_ERROR_INVALID, error, dlerror());
		return NULL;
	}
	entry = dlsym(object, TSR_PLUGIN_SYMBOL);
	if (!entry)
		refuse(plugin, TSR_MACHINE_ERROR_INVALID, error,
		       "it has no symbol " TSR_PLUGIN_SYMBOL "; it is not a Tessera plugin");
	else if (check_entry(plugin, entry, error) && check_factory(plugin, entry, error))
		return plugin->entry = entry;
	dlclose(object);
	return NULL;
}
