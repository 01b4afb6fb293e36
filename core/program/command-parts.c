/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera parts MACHINE: the parts of a machine and how they are connected, for people and for
 * programs that change machines. With --try it makes the machine as `tessera run` would, up to the
 * point where its guest would start, so that what two parts both claim is found; its back ends get
 * nothing of the host then: a running machine is not disturbed, and no file is written.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include <tessera-glib/product.h>

#include "manifest/plugin.h"
#include "program/product-options.h"
#include "program/program.h"

#define MEDIUM_BYTES (1 << 20) /* of a disk that stands for all others */

typedef struct {
	gboolean attempt, json, variant;
} Flags;

/* -- Making it */

/* "INSTANCE.PROPERTY=VALUE" */
static void override(GPtrArray *overrides, const char *instance, const char *property,
		     const char *value)
{
	g_ptr_array_add(overrides, g_strdup_printf("%s.%s=%s", instance, property, value));
}

/* A path of an empty file in memory, which goes with the process; NULL: there is none. */
static char *make_medium(void)
{
	int fd = memfd_create("medium", MFD_CLOEXEC);

	return fd >= 0 && ftruncate(fd, MEDIUM_BYTES) == 0 ? g_strdup_printf("/proc/self/fd/%d", fd)
							   : NULL;
}

/* A back end of a disk has another medium, and others have what their manifests say, which is
 * nothing of the host. */
static void keep_off_host(GPtrArray *overrides, TsrPlugin *plugin, GVariant *fields)
{
	g_autoptr(GVariant) settings = g_variant_lookup_value(fields, "settings", NULL);
	const gboolean is_disk =
		g_strv_contains(tsr_plugin_get_provides(plugin), "tessera.block/1");
	g_autofree char *medium = is_disk ? make_medium() : NULL;
	const char *name = NULL, *value;

	g_variant_lookup(fields, "name", "&s", &name);
	for (guint i = 0; i < plugin->properties->len; i++) {
		const TsrPropertySpec *spec = g_ptr_array_index(plugin->properties, i);

		if (medium && g_str_equal(spec->name, "file"))
			override(overrides, name, spec->name, medium);
		else if (spec->writable && g_variant_lookup(settings, spec->name, "&s", &value))
			override(overrides, name, spec->name, spec->default_value);
	}
}

static void keep_all_off_host(GPtrArray *overrides, TsrRegistry *registry, GVariant *machine)
{
	g_autoptr(GVariant) list = g_variant_lookup_value(machine, "instances", NULL);

	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) fields = g_variant_get_child_value(list, i);
		const char *id = "", *version = "";
		gboolean exists = FALSE;
		g_autofree char *requirement = NULL;
		TsrPlugin *plugin;

		g_variant_lookup(fields, "plugin", "&s", &id);
		g_variant_lookup(fields, "version", "&s", &version);
		g_variant_lookup(fields, "exists", "b", &exists);
		requirement = g_strdup_printf("%s =%s", id, version);
		plugin = exists ? tsr_registry_find(registry, requirement, NULL) : NULL;
		if (plugin && g_str_equal(plugin->kind, "backend"))
			keep_off_host(overrides, plugin, fields);
	}
}

/* Why the machine cannot be made; NULL: it can. */
static char *make_machine(TsrRegistry *registry, const ProductOptions *o, GVariant *description)
{
	g_autoptr(GPtrArray) overrides = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(TsrMachine) machine = NULL;
	g_autoptr(GError) why = NULL;

	for (guint i = 0; i + 1 < o->overrides->len; i++) /* the last one is NULL */
		g_ptr_array_add(overrides, g_strdup(g_ptr_array_index(o->overrides, i)));
	keep_all_off_host(overrides, registry, description);
	g_ptr_array_add(overrides, NULL);
	machine = tsr_machine_new_from_file(registry, o->words[0],
					    (const char *const *)overrides->pdata, &why);
	return machine ? NULL : g_strdup(why->message);
}

/* Takes the description. */
static GVariant *add_problem(GVariant *description, const char *problem)
{
	G_GNUC_UNUSED g_autoptr(GVariant) old = description;
	GVariantDict fields;

	g_variant_dict_init(&fields, description);
	g_variant_dict_insert(&fields, "problem", "s", problem);
	return g_variant_ref_sink(g_variant_dict_end(&fields));
}

/* -- For people */

static void print_connections(GVariant *fields)
{
	g_autoptr(GVariant) connections = g_variant_lookup_value(fields, "connections", NULL);
	GVariantIter iter;
	const char *need, *other;

	g_variant_iter_init(&iter, connections);
	while (g_variant_iter_next(&iter, "{&s&s}", &need, &other))
		g_print(" %s=%s", need, other);
}

static void print_parts(GVariant *description)
{
	g_autoptr(GVariant) list = g_variant_lookup_value(description, "instances", NULL);

	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) fields = g_variant_get_child_value(list, i);
		const char *name = "", *plugin = "", *version = "";
		gboolean exists = FALSE;

		g_variant_lookup(fields, "name", "&s", &name);
		g_variant_lookup(fields, "plugin", "&s", &plugin);
		g_variant_lookup(fields, "version", "&s", &version);
		g_variant_lookup(fields, "exists", "b", &exists);
		if (!exists)
			continue;
		g_print("%-12s %s %s", name, plugin, version);
		print_connections(fields);
		g_print("\n");
	}
}

/* -- The command */

static int print(const Flags *flags, GVariant *description)
{
	const char *problem = "";

	g_variant_lookup(description, "problem", "&s", &problem);
	if (flags->variant) {
		g_autofree char *text = g_variant_print(description, TRUE);

		g_print("%s\n", text);
		return 0;
	}
	if (flags->json) {
		g_autoptr(GString) text = g_string_new(NULL);

		program_add_json(text, description);
		g_print("%s\n", text->str);
		return 0;
	}
	print_parts(description);
	return *problem ? program_fail(TSR_EXIT_USAGE, "%s", problem) : 0;
}

static int describe(const Flags *flags, const ProductOptions *o)
{
	g_autoptr(TsrRegistry) registry = tsr_registry_new();
	g_autoptr(GVariant) description = NULL;
	g_autofree char *problem = NULL;
	const char *known = "";
	GError *error = NULL;

	description = tsr_product_describe(registry, o->words[0],
					   (const char *const *)o->overrides->pdata, &error);
	if (!description)
		return program_fail_error(error);
	g_variant_lookup(description, "problem", "&s", &known);
	if (flags->attempt && !*known)
		problem = make_machine(registry, o, description);
	if (problem)
		description = add_problem(g_steal_pointer(&description), problem);
	return print(flags, description);
}

/* Removes the flags from the arguments, which are the caller's. */
static void take_flags(Flags *flags, char **arguments)
{
	char **out = arguments;

	for (; *arguments; arguments++) {
		if (g_str_equal(*arguments, "--try"))
			flags->attempt = TRUE;
		else if (g_str_equal(*arguments, "--json"))
			flags->json = TRUE;
		else if (g_str_equal(*arguments, "--gvariant"))
			flags->variant = TRUE;
		else
			*out++ = *arguments;
	}
	*out = NULL;
}

int command_parts(char **arguments)
{
	ProductOptions options = { 0 };
	Flags flags = { 0 };
	int status;

	if (program_wants_help(arguments, "parts"))
		return 0;
	take_flags(&flags, arguments);
	status = product_options_parse(
		&options, arguments, 1,
		"parts MACHINE [--try] [--json | --gvariant] [OPTIONS OF run]");
	if (!status && flags.attempt)
		status = program_check_needs();
	if (!status)
		status = describe(&flags, &options);
	product_options_finish(&options);
	return status;
}
