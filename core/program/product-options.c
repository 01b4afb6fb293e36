/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See product-options.h. */
#include "program/product-options.h"

#include <string.h>

#include "program/program.h"

static void take_value(ProductOptions *o, const char *name, const char *value)
{
	if (g_str_equal(name, "output")) {
		g_free(o->output);
		o->output = g_strdup(value);
	} else if (g_str_equal(name, "set")) {
		g_ptr_array_add(o->overrides, g_strdup(value));
	} else {
		g_ptr_array_add(o->overrides, g_strdup_printf("%s=%s", name, value));
	}
}

static gboolean is_flag(const char *name)
{
	return g_str_equal(name, "trust") || g_str_equal(name, "exit-on-reset") ||
	       g_str_equal(name, "upgrades");
}

/* One option; *next is the argument after it, and is advanced if that is the value. */
static int take_option(ProductOptions *o, const char *option, char ***next)
{
	const char *equals = strchr(option, '=');
	g_autofree char *name =
		equals ? g_strndup(option, (gsize)(equals - option)) : g_strdup(option);

	if (equals)
		take_value(o, name, equals + 1);
	else if (is_flag(name))
		take_value(o, name, "true");
	else if (**next)
		take_value(o, name, *(*next)++);
	else
		return program_fail(TSR_EXIT_USAGE, "--%s needs a value", name);
	return 0;
}

int product_options_parse(ProductOptions *o, char **arguments, guint words, const char *usage)
{
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();
	int status = 0;

	o->overrides = g_ptr_array_new_with_free_func(g_free);
	while (*arguments && !status) {
		const char *argument = *arguments++;

		if (g_str_has_prefix(argument, "--") && argument[2])
			status = take_option(o, argument + 2, &arguments);
		else
			g_strv_builder_add(list, argument);
	}
	g_ptr_array_add(o->overrides, NULL);
	o->words = g_strv_builder_end(list);
	if (!status && g_strv_length(o->words) != words)
		status = program_fail(TSR_EXIT_USAGE, "usage: `tessera %s`", usage);
	return status;
}

void product_options_finish(ProductOptions *o)
{
	g_strfreev(o->words);
	g_free(o->output);
	g_ptr_array_unref(o->overrides);
}
