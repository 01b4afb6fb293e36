/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See paths.h. Everything is found from where the library lies, so that a build tree runs as it is
 * and an installation may be moved. TSR_DATADIR_FROM_LIBDIR comes from the build.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include <tessera-glib/machine.h>

#include "manifest/paths.h"

/* The folder of libtessera-1.so: this file is also part of the program, which asks for it, too. */
static char *library_folder(void)
{
	g_autofree char *real = NULL;
	Dl_info info;

	if (!dladdr((const void *)tsr_machine_error_quark, &info) || !info.dli_fname)
		return g_strdup(".");
	real = g_canonicalize_filename(info.dli_fname, NULL);
	return g_path_get_dirname(real);
}

static void add_build_tree(GStrvBuilder *list, const char *folder, const char *name)
{
	g_autofree char *top = g_path_get_dirname(folder);
	g_autofree char *cache = g_build_filename(top, "CMakeCache.txt", NULL);
	g_autofree char *path = g_build_filename(top, name, NULL);

	if (g_file_test(cache, G_FILE_TEST_EXISTS))
		g_strv_builder_add(list, path);
}

static void add_environment(GStrvBuilder *list, const char *variable)
{
	const char *value = g_getenv(variable);
	g_auto(GStrv) folders = value ? g_strsplit(value, ":", -1) : NULL;

	for (char **folder = folders; folder && *folder; folder++)
		if (**folder)
			g_strv_builder_add(list, *folder);
}

/* The folder of the user's own data; NULL: the process has no home, as a service may (GLib would
 * warn). */
static const char *user_data_folder(void)
{
	const char *home = g_getenv("HOME"), *data = g_getenv("XDG_DATA_HOME");

	if ((home && *home) || (data && *data) || getpwuid(getuid()))
		return g_get_user_data_dir();
	return NULL;
}

static gboolean is_bundle(const char *folder)
{
	g_autofree char *mark = g_build_filename(folder, TSR_BUNDLE_MARK, NULL);

	return g_file_test(mark, G_FILE_TEST_EXISTS);
}

static char **search_path(const char *name, const char *variable, const char *system)
{
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();
	g_autofree char *folder = library_folder();
	gboolean bundle = is_bundle(folder);
	const char *data = bundle ? NULL : user_data_folder();
	g_autofree char *user = data ? g_build_filename(data, "tessera", name, NULL) : NULL;
	g_autofree char *from = g_build_filename(folder, system, NULL);
	g_autofree char *installed = g_canonicalize_filename(from, NULL);

	if (!bundle) {
		add_build_tree(list, folder, name);
		add_environment(list, variable);
	}
	if (user)
		g_strv_builder_add(list, user);
	g_strv_builder_add(list, installed);
	return g_strv_builder_end(list);
}

char **tsr_paths_plugins(void)
{
	return search_path("plugins", "TESSERA_PLUGIN_PATH", "tessera/plugins");
}

char *tsr_paths_user_plugins(void)
{
	g_autofree char *folder = library_folder();
	const char *data = is_bundle(folder) ? NULL : user_data_folder();

	return data ? g_build_filename(data, "tessera", "plugins", NULL) : NULL;
}

char **tsr_paths_machines(void)
{
	return search_path("machines", "TESSERA_MACHINE_PATH",
			   TSR_DATADIR_FROM_LIBDIR "/tessera/machines");
}

static gboolean is_same_folder(const char *a, const char *b)
{
	g_autofree char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);

	return real_a && real_b && g_str_equal(real_a, real_b);
}

gboolean tsr_paths_is_preset_folder(const char *folder)
{
	g_autofree char *library = library_folder();
	g_autofree char *installed =
		g_build_filename(library, TSR_DATADIR_FROM_LIBDIR "/tessera/machines", NULL);
	g_autoptr(GStrvBuilder) built = g_strv_builder_new();
	g_auto(GStrv) build_tree = NULL;

	add_build_tree(built, library, "machines");
	build_tree = g_strv_builder_end(built);
	return is_same_folder(folder, installed) ||
	       (build_tree[0] && is_same_folder(folder, build_tree[0]));
}

char **tsr_paths_firmware(void)
{
	static const char *const names[] = { "tessera/firmware", "seabios", "qemu" };
	const char *const *data = g_get_system_data_dirs();
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();
	g_autofree char *library = library_folder(),
			*own = g_build_filename(library, TSR_DATADIR_FROM_LIBDIR, names[0], NULL);

	g_strv_builder_add(list, own);
	for (; *data && !is_bundle(library); data++) {
		for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
			g_autofree char *folder = g_build_filename(*data, names[i], NULL);

			g_strv_builder_add(list, folder);
		}
	}
	return g_strv_builder_end(list);
}

char *tsr_paths_find_demo(const char *name)
{
	g_auto(GStrv) folders =
		search_path("demo", "TESSERA_DEMO_PATH", TSR_DATADIR_FROM_LIBDIR "/tessera/demo");

	for (char **folder = folders; *folder; folder++) {
		g_autofree char *path = g_build_filename(*folder, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return g_steal_pointer(&path);
	}
	return NULL;
}

char *tsr_paths_find_program(const char *name)
{
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();
	g_autofree char *folder = library_folder();
	g_autofree char *installed =
		g_build_filename(folder, TSR_LIBEXECDIR_FROM_LIBDIR "/tessera", NULL);
	g_auto(GStrv) folders = NULL;

	add_build_tree(list, folder, "bin");
	g_strv_builder_add(list, installed);
	folders = g_strv_builder_end(list);
	for (char **f = folders; *f; f++) {
		g_autofree char *path = g_build_filename(*f, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
			return g_canonicalize_filename(path, NULL);
	}
	return NULL;
}
