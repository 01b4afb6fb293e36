/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "template.h"

#include "tool.h"

#include <glib/gstdio.h>
#include <string.h>

#define TITLE "Example device"
#define VENDOR "vendor=You"
#define FOLDER_MODE 0777 /* as the umask allows */

/* The unit test of a script is in Python, whatever language it tests: tessera_fake.py. */
static const struct tool_language languages[] = {
	{ .name = "c", .suffix = ".c", .test_suffix = ".c" },
	{ .name = "c++", .suffix = ".cc", .test_suffix = ".cc" },
	{ .name = "python",
	  .suffix = ".py",
	  .test_suffix = ".py",
	  .script = "python",
	  .title = "Python",
	  .guide = "PYTHON-DEVICES.md",
	  .check_options = "" },
	{ .name = "javascript",
	  .suffix = ".js",
	  .test_suffix = ".py",
	  .script = "gjs",
	  .title = "JavaScript",
	  .guide = "JAVASCRIPT-DEVICES.md",
	  .check_options = " --except cost --timeout 300" },
};

const struct tool_language *tool_find_language(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(languages); i++)
		if (strcmp(name, languages[i].name) == 0)
			return &languages[i];
	return NULL;
}

/* -- Texts */

struct change {
	const char *from, *to;
};

static char *replace(const char *text, const char *from, const char *to)
{
	g_auto(GStrv) parts = g_strsplit(text, from, -1);

	return g_strjoinv(to, parts);
}

static char *replace_each(const char *text, const struct change *changes, guint count)
{
	char *changed = g_strdup(text);

	for (guint i = 0; i < count; i++) {
		char *before = changed;

		changed = replace(before, changes[i].from, changes[i].to);
		g_free(before);
	}
	return changed;
}

/* The packages that the build files ask for, of a plugin in C alone and of one that uses machines
 * as GObjects. */
static char *adapt_packages(const char *text)
{
	static const struct change packages[] = {
		{ "set(packages tessera-abi)", "set(packages tessera-abi tessera-1)" },
		{ "foreach name : ['tessera-abi']", "foreach name : ['tessera-abi', 'tessera-1']" },
	};

	return replace_each(text, packages, G_N_ELEMENTS(packages));
}

/* The files of build-script/ are for each language of scripts. */
static char *adapt_language(const struct tool_language *language, const char *text)
{
	const struct change marks[] = {
		{ "@SUFFIX@", language->suffix },
		{ "@SCRIPT@", language->script },
		{ "@LANGUAGE@", language->title },
		{ "@GUIDE@", language->guide },
		{ "@CHECK_OPTIONS@", language->check_options },
	};

	return replace_each(text, marks, G_N_ELEMENTS(marks));
}

static char *adapt(const struct tool_order *order, const char *text)
{
	g_autofree char *vendor = g_strconcat("vendor=", order->vendor, NULL);
	const struct change changes[] = {
		{ TEMPLATE_NAME, order->name },
		{ TITLE, order->title },
		{ VENDOR, vendor },
	};

	return replace_each(text, changes, G_N_ELEMENTS(changes));
}

/* The manifests of the templates are those of plugins in C. */
static char *adapt_manifest(const struct tool_language *language, const char *text)
{
	g_autofree char *script =
		g_strdup_printf("kind=device\nlanguage=%s\nlibrary=" TEMPLATE_NAME "%s\n",
				language->script, language->suffix);
	const struct change changes[] = {
		{ "library=" TEMPLATE_NAME ".so\n", "" },
		{ "kind=device\n", script },
		{ "abi-oldest=1.0", "abi-oldest=1.2" },
	};

	return replace_each(text, changes, G_N_ELEMENTS(changes));
}

/* What has to change beside name, title and vendor. */
static char *adapt_source(const struct tool_order *order, const char *name, const char *text)
{
	if (order->is_shown)
		return adapt_packages(text);
	if (!order->language->script)
		return g_strdup(text);
	if (g_str_has_suffix(name, ".plugin"))
		return adapt_manifest(order->language, text);
	return adapt_language(order->language, text);
}

/* -- Files */

static gboolean write_file(const struct tool_order *order, const char *name, const char *text,
			   GError **error)
{
	g_autofree char *source = adapt_source(order, name, text);
	g_autofree char *adapted = adapt(order, source), *target = adapt(order, name);
	g_autofree char *path = g_build_filename(order->folder, target, NULL);

	return g_file_set_contents(path, adapted, -1, error);
}

/* A source, or a test, of another language. */
static gboolean is_foreign(const struct tool_order *order, const char *name)
{
	gboolean is_test = g_str_has_prefix(name, "test-");
	const struct tool_language *own = order->language;

	if (g_str_has_suffix(name, is_test ? own->test_suffix : own->suffix))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(languages); i++)
		if (g_str_has_suffix(name, languages[i].suffix))
			return TRUE;
	return FALSE;
}

static gboolean copy_folder(const struct tool_order *order, const char *from, GError **error)
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

int tool_make_plugin(const struct tool_order *order)
{
	const char *script = order->language->script;
	g_autofree char *build = g_strconcat("build-", script ? "script" : order->lang, NULL);
	GError *error = NULL;

	if (g_mkdir_with_parents(order->folder, FOLDER_MODE) != 0)
		return tool_fail(TOOL_FAILED, "the folder %s cannot be made: %s", order->folder,
				 g_strerror(errno));
	if ((!script && !copy_folder(order, "common", &error)) ||
	    !copy_folder(order, build, &error) || !copy_folder(order, order->kind, &error))
		return tool_fail_error(TOOL_FAILED, error);
	g_print("%s: a plugin of kind %s, which works as it is. README.md says how to go on:\n"
		"  cd %s && cmake -B build && cmake --build build && ctest --test-dir build\n"
		"  TESSERA_PLUGIN_PATH=$PWD/build/plugins tessera run %s.machine%s%s\n",
		order->folder, order->kind, order->folder, order->name,
		order->is_shown ? " --ui " : "", order->is_shown ? order->name : "");
	return TOOL_OK;
}
