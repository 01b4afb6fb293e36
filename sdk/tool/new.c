/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera sdk new: copies a template. The templates are plugins that work, with the name
 * example-device; all that is done to a file is to write another name, title and vendor.
 */
#include "tool.h"

#include <glib/gstdio.h>
#include <string.h>

#define TEMPLATE "example-device"
#define TITLE "Example device"
#define VENDOR "vendor=You"
#define FOLDER_MODE 0777 /* as the umask allows */

struct order {
	const char *name, *kind, *language, *vendor, *folder;
	char *templates, *title;
	gboolean is_shown; /* it uses the control plane: a user interface */
};

/* -- What is wanted */

/* Ids are also names of files and of symbols in manifests: a letter, then letters, digits, dashes.
 */
static gboolean is_name(const char *text)
{
	if (!g_ascii_islower(*text) || strlen(text) > 40)
		return FALSE;
	for (; *text; text++)
		if (!g_ascii_islower(*text) && !g_ascii_isdigit(*text) && *text != '-')
			return FALSE;
	return text[-1] != '-';
}

/* CMake and Meson have targets of their own, which a plugin's target cannot be called. */
static gboolean is_reserved(const char *name)
{
	static const char *const names[] = { "all",  "clean",   "dist", "help", "install",
					     "scan", "package", "test", "unit" };

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(name, names[i]) == 0)
			return TRUE;
	return g_str_has_prefix(name, "meson-");
}

/* "acme-timer" becomes "Acme timer". */
static char *make_title(const char *name)
{
	char *title = g_strdelimit(g_strdup(name), "-", ' ');

	title[0] = g_ascii_toupper(title[0]);
	return title;
}

static const char **option(struct order *order, const char *argument)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = {
		{ "--kind", &order->kind },
		{ "--lang", &order->language },
		{ "--vendor", &order->vendor },
		{ "--folder", &order->folder },
	};

	for (guint i = 0; i < G_N_ELEMENTS(options); i++)
		if (strcmp(argument, options[i].name) == 0)
			return options[i].value;
	return NULL;
}

static int read_arguments(struct order *order, char **arguments)
{
	for (char **at = arguments; *at; at++) {
		const char **value = option(order, *at);

		if (value && !at[1])
			return tool_fail(TOOL_USAGE, "%s needs a value", *at);
		if (value)
			*value = *++at;
		else if ((*at)[0] == '-' || order->name)
			return tool_fail(TOOL_USAGE,
					 "%s is not understood; `tessera sdk --help` says what is",
					 *at);
		else
			order->name = *at;
	}
	if (!order->name)
		return tool_fail(TOOL_USAGE,
				 "say what the plugin is to be called: tessera sdk new NAME "
				 "--kind KIND");
	if (!is_name(order->name))
		return tool_fail(TOOL_USAGE,
				 "\"%s\" cannot be a plugin's id: a lower-case letter, then "
				 "letters, digits and dashes, 40 at most",
				 order->name);
	if (is_reserved(order->name))
		return tool_fail(TOOL_USAGE,
				 "\"%s\" is a name that CMake or Meson need for themselves",
				 order->name);
	return TOOL_OK;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *list_kinds(const char *templates)
{
	g_autoptr(GDir) folder = g_dir_open(templates, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (folder && (name = g_dir_read_name(folder))) {
		g_autofree char *manifest =
			g_build_filename(templates, name, TEMPLATE ".plugin", NULL);

		if (g_file_test(manifest, G_FILE_TEST_EXISTS))
			g_ptr_array_add(names, g_strdup(name));
	}
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(", ", (char **)names->pdata);
}

static const struct {
	const char *name, *suffix;
} languages[] = { { "c", ".c" }, { "c++", ".cc" }, { "python", ".py" } };

/* NULL: there is no such language. */
static const char *source_suffix(const struct order *order)
{
	for (guint i = 0; i < G_N_ELEMENTS(languages); i++)
		if (strcmp(order->language, languages[i].name) == 0)
			return languages[i].suffix;
	return NULL;
}

static gboolean is_script(const struct order *order)
{
	return strcmp(order->language, "python") == 0;
}

static int check_order(struct order *order)
{
	g_autofree char *kinds = list_kinds(order->templates), *source = NULL, *manifest = NULL;
	g_autofree char *name = NULL;

	if (!*kinds)
		return tool_fail(TOOL_FAILED,
				 "the templates are not in %s; install the SDK completely",
				 order->templates);
	if (!order->kind || strchr(order->kind, '/'))
		return tool_fail(TOOL_USAGE, "--kind says what the plugin is: %s", kinds);
	manifest = g_build_filename(order->templates, order->kind, TEMPLATE ".plugin", NULL);
	if (!g_file_test(manifest, G_FILE_TEST_EXISTS))
		return tool_fail(TOOL_USAGE, "there is no kind \"%s\"; there are: %s", order->kind,
				 kinds);
	if (!source_suffix(order))
		return tool_fail(TOOL_USAGE, "--lang is c, c++ or python");
	name = g_strconcat(TEMPLATE, source_suffix(order), NULL);
	source = g_build_filename(order->templates, order->kind, name, NULL);
	if (!g_file_test(source, G_FILE_TEST_EXISTS))
		return tool_fail(TOOL_USAGE, "the kind %s has no template in %s", order->kind,
				 order->language);
	if (g_file_test(order->folder, G_FILE_TEST_EXISTS))
		return tool_fail(TOOL_USAGE, "%s exists already; choose another name, or --folder",
				 order->folder);
	return TOOL_OK;
}

/* -- Files */

static char *replace(const char *text, const char *from, const char *to)
{
	g_auto(GStrv) parts = g_strsplit(text, from, -1);

	return g_strjoinv(to, parts);
}

/* The packages that the build files ask for, of a plugin in C alone and of one that uses machines
 * as GObjects. */
static const struct {
	const char *alone, *with_gobjects;
} packages[] = {
	{ "set(packages tessera-abi)", "set(packages tessera-abi tessera-1)" },
	{ "foreach name : ['tessera-abi']", "foreach name : ['tessera-abi', 'tessera-1']" },
};

static char *adapt_packages(const struct order *order, const char *text)
{
	char *adapted = g_strdup(text);

	for (guint i = 0; order->is_shown && i < G_N_ELEMENTS(packages); i++) {
		char *before = adapted;

		adapted = replace(before, packages[i].alone, packages[i].with_gobjects);
		g_free(before);
	}
	return adapted;
}

static char *adapt(const struct order *order, const char *text)
{
	g_autofree char *built = adapt_packages(order, text);
	g_autofree char *named = replace(built, TEMPLATE, order->name);
	g_autofree char *titled = replace(named, TITLE, order->title);
	g_autofree char *vendor = g_strconcat("vendor=", order->vendor, NULL);

	return replace(titled, VENDOR, vendor);
}

/* The manifests of the templates are those of plugins in C. */
static char *adapt_manifest(const struct order *order, const char *text)
{
	g_autofree char *language =
		g_strdup_printf("kind=device\nlanguage=%s\nlibrary=" TEMPLATE "%s\n",
				order->language, source_suffix(order));
	g_autofree char *plain = replace(text, "library=" TEMPLATE ".so\n", "");
	g_autofree char *script = replace(plain, "kind=device\n", language);

	return replace(script, "abi-oldest=1.0", "abi-oldest=1.2");
}

static gboolean write_file(const struct order *order, const char *name, const char *text,
			   GError **error)
{
	gboolean changes = is_script(order) && g_str_has_suffix(name, ".plugin");
	g_autofree char *source = changes ? adapt_manifest(order, text) : g_strdup(text);
	g_autofree char *adapted = adapt(order, source), *target = adapt(order, name);
	g_autofree char *path = g_build_filename(order->folder, target, NULL);

	return g_file_set_contents(path, adapted, -1, error);
}

/* A source of the other language. */
static gboolean is_foreign(const struct order *order, const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(languages); i++)
		if (g_str_has_suffix(name, languages[i].suffix) &&
		    strcmp(languages[i].suffix, source_suffix(order)) != 0)
			return TRUE;
	return FALSE;
}

static gboolean copy_folder(const struct order *order, const char *from, GError **error)
{
	g_autofree char *path = g_build_filename(order->templates, from, NULL);
	g_autoptr(GDir) folder = g_dir_open(path, 0, error);
	const char *name;

	if (!folder)
		return FALSE;
	while ((name = g_dir_read_name(folder))) {
		g_autofree char *file = g_build_filename(path, name, NULL), *text = NULL;

		if (is_foreign(order, name))
			continue;
		if (!g_file_get_contents(file, &text, NULL, error) ||
		    !write_file(order, name, text, error))
			return FALSE;
	}
	return TRUE;
}

static int make_folder(const struct order *order)
{
	g_autofree char *build = g_strconcat("build-", order->language, NULL);
	GError *error = NULL;

	if (g_mkdir_with_parents(order->folder, FOLDER_MODE) != 0)
		return tool_fail(TOOL_FAILED, "the folder %s cannot be made: %s", order->folder,
				 g_strerror(errno));
	if ((!is_script(order) && !copy_folder(order, "common", &error)) ||
	    !copy_folder(order, build, &error) || !copy_folder(order, order->kind, &error))
		return tool_fail_error(TOOL_FAILED, error);
	g_print("%s: a plugin of kind %s, which works as it is. README.md says how to go on:\n"
		"  cd %s && cmake -B build && cmake --build build && ctest --test-dir build\n"
		"  TESSERA_PLUGIN_PATH=$PWD/build/plugins tessera run %s.machine%s%s\n",
		order->folder, order->kind, order->folder, order->name,
		order->is_shown ? " --ui " : "", order->is_shown ? order->name : "");
	return TOOL_OK;
}

int tool_new(char **arguments)
{
	struct order order = { .language = "c", .vendor = "You" };
	int status = read_arguments(&order, arguments);

	if (status != TOOL_OK)
		return status;
	if (!order.folder)
		order.folder = order.name;
	order.templates = tool_template_folder();
	order.title = make_title(order.name);
	order.is_shown = order.kind && strcmp(order.kind, "ui") == 0;
	status = check_order(&order);
	if (status == TOOL_OK)
		status = make_folder(&order);
	g_free(order.templates);
	g_free(order.title);
	return status;
}
