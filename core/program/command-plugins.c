/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera plugins list | inspect ID | install PACKAGE | remove ID VERSION: from manifests alone. */
#include "manifest/plugin.h"
#include "manifest/property.h"
#include "program/package.h"
#include "program/plugins-catalogue.h"
#include "program/program.h"

static int list(TsrRegistry *registry)
{
	g_autoptr(GPtrArray) plugins = tsr_registry_list_plugins(registry);
	const char *const *refused = tsr_registry_get_refused(registry);

	g_print("%-16s %-8s %-8s %s\n", "ID", "VERSION", "KIND", "NAME");
	for (guint i = 0; i < plugins->len; i++) {
		TsrPlugin *plugin = g_ptr_array_index(plugins, i);

		g_print("%-16s %-8s %-8s %s\n", plugin->id, plugin->version, plugin->kind,
			plugin->name);
	}
	if (*refused)
		g_print("\nRefused:\n");
	for (; *refused; refused++)
		g_print("  %s\n", *refused);
	return 0;
}

static void print_line(const char *what, const char *value)
{
	if (*value)
		g_print("%-14s %s\n", what, value);
}

static void print_properties(TsrPlugin *plugin)
{
	if (plugin->properties->len)
		g_print("\nProperties:\n");
	for (guint i = 0; i < plugin->properties->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(plugin->properties, i);
		g_autofree char *takes = tsr_property_describe(spec);

		g_print("  %-16s %s%s%s%s\n", spec->name, takes,
			*spec->default_value ? "; default " : "", spec->default_value,
			!spec->writable    ? "; read only"
			: spec->is_mutable ? "; can be changed while the machine runs"
					   : "");
		if (*spec->text)
			g_print("  %-16s %s\n", "", spec->text);
	}
}

static void print_needs(TsrPlugin *plugin)
{
	if (plugin->needs->len)
		g_print("\nNeeds:\n");
	for (guint i = 0; i < plugin->needs->len; i++) {
		const TsrNeed *need = g_ptr_array_index(plugin->needs, i);

		g_print("  %-16s %s%s\n", need->name, need->interface,
			need->optional ? " (optional)" : "");
	}
}

static char *describe_resource(const TsrResource *r)
{
	if (r->type == TSR_RESOURCE_IRQ)
		return g_strdup_printf("interrupt line %s", *r->line ? r->line : "(unconnected)");
	if (r->type == TSR_RESOURCE_DMA)
		return g_strdup_printf("DMA channel %u", r->channel);
	return g_strdup_printf("%s 0x%" G_GINT64_MODIFIER "x, length 0x%" G_GINT64_MODIFIER "x",
			       r->type == TSR_RESOURCE_PORTS ? "ports" : "memory", r->base,
			       r->length);
}

static void print_resources(TsrPlugin *plugin)
{
	if (plugin->resources->len)
		g_print("\nResources:\n");
	for (guint i = 0; i < plugin->resources->len; i++) {
		const TsrResource *resource = g_ptr_array_index(plugin->resources, i);
		g_autofree char *text = describe_resource(resource);

		g_print("  %-16s %s\n", resource->name, text);
	}
}

/* For programs. */
static int print_catalogue(TsrRegistry *registry, gboolean json)
{
	g_autoptr(GVariant) catalogue = program_plugins_catalogue(registry);
	g_autoptr(GString) text = g_string_new(NULL);

	if (json)
		program_add_json(text, catalogue);
	else
		g_variant_print_string(catalogue, text, TRUE);
	g_print("%s\n", text->str);
	return 0;
}

static int inspect(TsrRegistry *registry, const char *requirement)
{
	GError *error = NULL;
	TsrPlugin *plugin = tsr_registry_find(registry, requirement, &error);
	g_autofree char *provides = NULL, *replaces = NULL, *state = NULL, *abi = NULL;

	if (!plugin)
		return program_fail_error(error);
	provides = tsr_list_join(tsr_plugin_get_provides(plugin));
	replaces = tsr_list_join((const char *const *)plugin->replaces);
	state = g_strdup_printf("%u; loads %u to %u", plugin->state_version, plugin->state_oldest,
				plugin->state_version);
	abi = program_plugin_abi(plugin);
	g_print("%s %s: %s\n", plugin->id, plugin->version, plugin->name);
	print_line("", plugin->description);
	print_line("kind", plugin->kind);
	print_line("provides", provides);
	print_line("replaces", replaces);
	print_line("ABI", abi);
	print_line("state version", state);
	print_line("licence", plugin->licence);
	print_line("vendor", plugin->vendor);
	print_line("documentation", plugin->documentation);
	print_line("manifest", plugin->path);
	print_line("library", plugin->library);
	print_properties(plugin);
	print_needs(plugin);
	print_resources(plugin);
	return 0;
}

static int install(const char *package)
{
	GError *error = NULL;
	g_auto(GStrv) lines = program_package_install(package, &error);

	if (!lines)
		return program_fail_error(error);
	for (char **line = lines; *line; line++)
		g_print("%s\n", *line);
	return 0;
}

static int uninstall(const char *id, const char *version)
{
	GError *error = NULL;
	g_autofree char *folder = program_package_uninstall(id, version, &error);

	if (!folder)
		return program_fail_error(error);
	g_print("%s\n", folder);
	return 0;
}

int command_plugins(char **arguments)
{
	g_autoptr(TsrRegistry) registry = NULL;
	guint n = g_strv_length(arguments);

	if (program_wants_help(arguments, "plugins"))
		return 0;
	if (n == 2 && g_str_equal(arguments[0], "install"))
		return install(arguments[1]);
	if (n == 3 && g_str_equal(arguments[0], "remove"))
		return uninstall(arguments[1], arguments[2]);
	registry = tsr_registry_new();
	if (n == 1 && g_str_equal(arguments[0], "list"))
		return list(registry);
	if (n == 2 && g_str_equal(arguments[0], "list") &&
	    (g_str_equal(arguments[1], "--json") || g_str_equal(arguments[1], "--gvariant")))
		return print_catalogue(registry, g_str_equal(arguments[1], "--json"));
	if (n == 2 && g_str_equal(arguments[0], "inspect"))
		return inspect(registry, arguments[1]);
	return program_fail(TSR_EXIT_USAGE,
			    "usage: `tessera plugins list [--json | --gvariant]`, `tessera plugins "
			    "inspect ID`, `tessera plugins install FOLDER | ARCHIVE` or `tessera "
			    "plugins remove ID VERSION`");
}
