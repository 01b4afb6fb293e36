/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera sdk new: what is wanted. template.c makes it. */
#include "template.h"
#include "tool.h"

#include <string.h>

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

static const char **option(struct tool_order *order, const char *argument)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = {
		{ "--kind", &order->kind },
		{ "--lang", &order->lang },
		{ "--vendor", &order->vendor },
		{ "--folder", &order->folder },
	};

	for (guint i = 0; i < G_N_ELEMENTS(options); i++)
		if (strcmp(argument, options[i].name) == 0)
			return options[i].value;
	return NULL;
}

static int read_arguments(struct tool_order *order, char **arguments)
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
			g_build_filename(templates, name, TEMPLATE_NAME ".plugin", NULL);

		if (g_file_test(manifest, G_FILE_TEST_EXISTS))
			g_ptr_array_add(names, g_strdup(name));
	}
	g_ptr_array_sort(names, compare_names);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(", ", (char **)names->pdata);
}

static int check_order(struct tool_order *order)
{
	g_autofree char *kinds = list_kinds(order->templates), *source = NULL, *manifest = NULL;
	g_autofree char *name = NULL;

	if (!*kinds)
		return tool_fail(TOOL_FAILED,
				 "the templates are not in %s; install the SDK completely",
				 order->templates);
	if (!order->kind || strchr(order->kind, '/'))
		return tool_fail(TOOL_USAGE, "--kind says what the plugin is: %s", kinds);
	manifest = g_build_filename(order->templates, order->kind, TEMPLATE_NAME ".plugin", NULL);
	if (!g_file_test(manifest, G_FILE_TEST_EXISTS))
		return tool_fail(TOOL_USAGE, "there is no kind \"%s\"; there are: %s", order->kind,
				 kinds);
	order->language = tool_find_language(order->lang);
	if (!order->language)
		return tool_fail(TOOL_USAGE, "--lang is c, c++, python or javascript");
	name = g_strconcat(TEMPLATE_NAME, order->language->suffix, NULL);
	source = g_build_filename(order->templates, order->kind, name, NULL);
	if (!g_file_test(source, G_FILE_TEST_EXISTS))
		return tool_fail(TOOL_USAGE, "the kind %s has no template in %s", order->kind,
				 order->lang);
	if (g_file_test(order->folder, G_FILE_TEST_EXISTS))
		return tool_fail(TOOL_USAGE, "%s exists already; choose another name, or --folder",
				 order->folder);
	return TOOL_OK;
}

int tool_new(char **arguments)
{
	struct tool_order order = { .lang = "c", .vendor = "You" };
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
		status = tool_make_plugin(&order);
	g_free(order.templates);
	g_free(order.title);
	return status;
}
