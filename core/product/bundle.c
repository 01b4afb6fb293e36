/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A folder with all that one machine needs, which runs where nothing of Tessera is installed. It is
 * laid out like an installation: the library finds plugins, machines and firmware from where it
 * lies. Of the host it takes the C library and the kernel.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include <tessera-glib/machine.h>
#include <tessera-glib/product.h>

#include "manifest/paths.h"
#include "manifest/plugin.h"
#include "product/component.h"
#include "product/libraries.h"
#include "product/lock.h"
#include "product/machine-files.h"
#include "product/spdx.h"

#define PROGRAM "bin/tessera"
#define LICENCE "LGPL-2.1-or-later"
#define COPYRIGHT "/usr/share/doc/%s/copyright"

typedef struct {
	TsrDraft *plan;
	char *name;
	const char *folder;
	char *libraries, *data; /* folders in the bundle */
	GPtrArray *components;  /* TsrComponent */
	GHashTable *needed;     /* libraries: name -> path on the host */
} Bundle;

/* -- Where things go: from the library it is TSR_DATADIR_FROM_LIBDIR to the data, "../share" or
 * "../../share" */

static char *library_folder(void)
{
	GString *folder = g_string_new("lib");
	const char *up = TSR_DATADIR_FROM_LIBDIR;

	while (g_str_has_prefix(up, "../../")) {
		up += strlen("../");
		g_string_append(folder, "/tessera");
	}
	return g_string_free(folder, FALSE);
}

static char *data_folder(void)
{
	const char *p = TSR_DATADIR_FROM_LIBDIR;

	while (g_str_has_prefix(p, "../"))
		p += strlen("../");
	return g_build_filename(p, "tessera", NULL);
}

static gboolean make_folder(const Bundle *b, const char *path, GError **error)
{
	g_autofree char *full = g_build_filename(b->folder, path, NULL);

	if (!g_mkdir_with_parents(full, 0777))
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO, "cannot make %s: %s", full,
		    g_strerror(errno));
	return FALSE;
}

static gboolean check_empty(const char *folder, GError **error)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	gboolean empty = !dir || !g_dir_read_name(dir);

	if (dir)
		g_dir_close(dir);
	if (!empty || (!dir && g_file_test(folder, G_FILE_TEST_EXISTS)))
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "%s is there already; name a new folder, or an empty one", folder);
	return !*error;
}

static gboolean write_text(const Bundle *b, const char *path, const char *text, int mode,
			   GError **error)
{
	g_autofree char *full = g_build_filename(b->folder, path, NULL);

	return g_file_set_contents(full, text, -1, error) && !g_chmod(full, mode);
}

/* -- Its parts */

/* NULL with error. The component stays the bundle's. */
static TsrComponent *add_file(Bundle *b, const char *from, const char *path, int mode,
			      const char *name, const char *version, GError **error)
{
	g_autofree char *to = g_build_filename(b->folder, path, NULL);
	TsrComponent *component = tsr_copy_file(from, to, mode, error)
					  ? tsr_component_new(b->folder, path, name, version, error)
					  : NULL;

	if (component)
		g_ptr_array_add(b->components, component);
	return component;
}

/* What runs a script has more than its shared libraries: the language's own modules. */
static gboolean can_run_anywhere(TsrPlugin *plugin, GError **error)
{
	if (plugin->language)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "plugin %s %s is written in %s, whose modules a bundle does not have; "
			    "bundle a machine without it",
			    plugin->id, plugin->version, plugin->language);
	return !plugin->language;
}

static gboolean add_plugin(Bundle *b, TsrPlugin *plugin, GError **error)
{
	g_autofree char *library = g_path_get_basename(plugin->library),
			*folder = g_build_filename(b->libraries, "tessera/plugins", plugin->id,
						   plugin->version, NULL),
			*to = g_build_filename(folder, library, NULL),
			*manifest = g_strconcat(b->folder, "/", folder, "/", plugin->id, ".plugin",
						NULL);
	TsrComponent *component =
		add_file(b, plugin->library, to, 0644, plugin->id, plugin->version, error);

	if (!component)
		return FALSE;
	component->licence = g_strdup(plugin->licence);
	component->supplier = g_strdup(plugin->vendor);
	return tsr_copy_file(plugin->path, manifest, 0644, error) &&
	       tsr_libraries_add(b->needed, plugin->library, error);
}

/* The process of an isolated device is a program of its own, which a bundle does not have. */
static gboolean check_isolation(const Bundle *b, GError **error)
{
	for (guint i = 0; i < b->plan->instances->len; i++) {
		const TsrDraftInstance *instance = g_ptr_array_index(b->plan->instances, i);
		const TsrSetting *isolation = g_hash_table_lookup(instance->settings, "isolation");

		if (!instance->exists || !isolation || !g_str_equal(isolation->value, "process"))
			continue;
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s: machines with isolated devices cannot be bundled; remove "
			    "isolation=process of %s",
			    isolation->where, instance->name);
		return FALSE;
	}
	return TRUE;
}

static gboolean add_plugins(Bundle *b, GError **error)
{
	g_autoptr(GPtrArray) plugins = tsr_plan_list_plugins(b->plan);

	if (!check_isolation(b, error))
		return FALSE;
	for (guint i = 0; i < plugins->len; i++)
		if (!can_run_anywhere(g_ptr_array_index(plugins, i), error) ||
		    !add_plugin(b, g_ptr_array_index(plugins, i), error))
			return FALSE;
	return TRUE;
}

static gboolean add_firmware(Bundle *b, GError **error)
{
	g_autoptr(GPtrArray) list = tsr_plan_list_firmware(b->plan, error);

	for (guint i = 0; list && i < list->len; i++) {
		const TsrPlanFirmware *firmware = g_ptr_array_index(list, i);
		g_autofree char *name = g_path_get_basename(firmware->path),
				*to = g_build_filename(b->data, "firmware", name, NULL),
				*full = g_build_filename(b->folder, to, NULL);
		TsrComponent *component;

		if (g_file_test(full, G_FILE_TEST_EXISTS))
			continue;
		component = add_file(b, firmware->path, to, 0644, name, NULL, error);
		if (!component)
			return FALSE;
		tsr_component_find_package(component, firmware->path);
	}
	return list != NULL;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

/* The core's own library has its version, those of the host have their package's. */
static gboolean add_libraries(Bundle *b, GError **error)
{
	GList *names = g_list_sort(g_hash_table_get_keys(b->needed), compare_names);
	gboolean done = TRUE;

	for (GList *name = names; name && done; name = name->next) {
		const char *from = g_hash_table_lookup(b->needed, name->data);
		gboolean own = g_str_has_prefix(name->data, "libtessera-");
		g_autofree char *to = g_build_filename(b->libraries, name->data, NULL);
		TsrComponent *component = add_file(b, from, to, 0644, name->data,
						   own ? TESSERA_VERSION : NULL, error);

		done = component != NULL;
		if (done && own)
			component->licence = g_strdup(LICENCE);
		else if (done)
			tsr_component_find_package(component, from);
	}
	g_list_free(names);
	return done;
}

static gboolean add_program(Bundle *b, const char *program, GError **error)
{
	TsrComponent *component =
		add_file(b, program, PROGRAM, 0755, "tessera", TESSERA_VERSION, error);

	if (!component)
		return FALSE;
	component->licence = g_strdup(LICENCE);
	return tsr_libraries_add(b->needed, program, error);
}

/* The licences of the host's files, which their packages bring. */
static gboolean add_licences(Bundle *b, GError **error)
{
	for (guint i = 0; i < b->components->len; i++) {
		const TsrComponent *component = g_ptr_array_index(b->components, i);
		g_autofree char *from = NULL, *to = NULL;

		if (!component->package)
			continue;
		from = g_strdup_printf(COPYRIGHT, component->package);
		to = g_strdup_printf("%s/share/doc/%s/copyright", b->folder, component->package);
		if (g_file_test(from, G_FILE_TEST_EXISTS) && !g_file_test(to, G_FILE_TEST_EXISTS) &&
		    !tsr_copy_file(from, to, 0644, error))
			return FALSE;
	}
	return TRUE;
}

/* -- What is written */

static gboolean write_run(const Bundle *b, GError **error)
{
	g_autofree char *quoted = g_shell_quote(b->name);
	g_autofree char *text = g_strdup_printf(
		"#!/bin/sh\n"
		"# Runs the machine of this folder: ./run [OPTIONS OF tessera run]\n"
		"here=$(dirname \"$(readlink -f \"$0\")\")\n"
		"export LD_LIBRARY_PATH=\"$here/%s${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\"\n"
		"exec \"$here/" PROGRAM "\" run %s \"$@\"\n",
		b->libraries, quoted);

	return write_text(b, "run", text, 0755, error);
}

static gboolean write_machine(const Bundle *b, GError **error)
{
	g_autofree char *machines = g_build_filename(b->folder, b->data, "machines", NULL),
			*file = g_strconcat(b->name, ".lock", NULL),
			*path = g_build_filename(b->data, "machines", file, NULL),
			*mark = g_build_filename(b->libraries, TSR_BUNDLE_MARK, NULL),
			*lock = tsr_plan_lock_text(b->plan, error);

	return lock && tsr_plan_copy_machine(b->plan, machines, error) &&
	       write_text(b, path, lock, 0644, error) &&
	       write_text(b, mark, "Plugins and machines are looked for in this bundle only.\n",
			  0644, error);
}

static gboolean write_list(const Bundle *b, GError **error)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree char *path = g_strconcat(b->name, ".spdx.json", NULL), *text = NULL;

	for (guint i = 0; i < b->components->len; i++) {
		const TsrComponent *component = g_ptr_array_index(b->components, i);

		g_checksum_update(sum, (const guchar *)component->sha256, -1);
	}
	text = tsr_spdx_text(b->name, TESSERA_VERSION, g_checksum_get_string(sum), b->components);
	return write_text(b, path, text, 0644, error);
}

static gboolean make(Bundle *b, const char *program, GError **error)
{
	g_autofree char *machines = g_build_filename(b->data, "machines", NULL),
			*plugins = g_build_filename(b->libraries, "tessera/plugins", NULL);

	return make_folder(b, machines, error) && make_folder(b, plugins, error) &&
	       add_program(b, program, error) && add_plugins(b, error) && add_firmware(b, error) &&
	       add_libraries(b, error) && add_licences(b, error) && write_machine(b, error) &&
	       write_run(b, error) && write_list(b, error);
}

gboolean tsr_product_bundle(TsrRegistry *registry, const char *file, const char *const *overrides,
			    const char *program, const char *folder, GError **error)
{
	g_autoptr(GError) failure = NULL;
	g_autoptr(TsrDraft) plan = tsr_plan_new(registry, file, overrides, FALSE, &failure);
	Bundle b = { .plan = plan, .folder = folder };

	if (plan && check_empty(folder, &failure)) {
		b.name = tsr_plan_name(plan);
		b.libraries = library_folder();
		b.data = data_folder();
		b.components = g_ptr_array_new_with_free_func((GDestroyNotify)tsr_component_free);
		b.needed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
		make(&b, program, &failure);
		g_hash_table_unref(b.needed);
		g_ptr_array_unref(b.components);
		g_free(b.data);
		g_free(b.libraries);
		g_free(b.name);
	}
	if (!failure)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failure));
	return FALSE;
}
