/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera lock, why, bundle: what a machine is made of. */
#include <errno.h>
#include <string.h>

#include <tessera-glib/product.h>

#include "config/presets.h"
#include "program/product-options.h"
#include "program/program.h"

#define MACHINE_SUFFIX ".machine"

/* Beside a manifest that was named by its path, and for a preset in the working directory: its
 * folder is the system's. */
static char *lock_path(const char *machine)
{
	g_autofree char *found = tsr_presets_find(machine, NULL),
			*base = g_path_get_basename(found ? found : machine);
	const char *path = found && g_str_equal(found, machine) ? machine : base;
	gsize length = strlen(path);

	if (g_str_has_suffix(path, MACHINE_SUFFIX))
		length -= strlen(MACHINE_SUFFIX);
	return g_strdup_printf("%.*s.lock", (int)length, path);
}

static int write_lock(const ProductOptions *o)
{
	g_autoptr(TsrRegistry) registry = tsr_registry_new();
	const char *machine = o->words[0];
	g_autofree char *path = o->output ? g_strdup(o->output) : lock_path(machine), *text = NULL;
	GError *error = NULL;

	text = tsr_product_lock(registry, machine, (const char *const *)o->overrides->pdata,
				&error);
	if (!text)
		return program_fail_error(error);
	if (g_str_equal(path, "-")) {
		g_print("%s", text);
		return 0;
	}
	if (!g_file_set_contents(path, text, -1, &error))
		return program_fail_error(error);
	g_print("%s\n", path);
	return 0;
}

int command_lock(char **arguments)
{
	ProductOptions options = { 0 };
	int status;

	if (program_wants_help(arguments, "lock"))
		return 0;
	status = product_options_parse(&options, arguments, 1,
				       "lock MACHINE [--output FILE] [OPTIONS OF run]");
	if (!status)
		status = write_lock(&options);
	product_options_finish(&options);
	return status;
}

static int explain(const ProductOptions *o)
{
	g_autoptr(TsrRegistry) registry = tsr_registry_new();
	GError *error = NULL;
	g_autofree char *text = tsr_product_explain(
		registry, o->words[0], (const char *const *)o->overrides->pdata, &error);

	if (!text)
		return program_fail_error(error);
	g_print("%s", text);
	return 0;
}

int command_why(char **arguments)
{
	ProductOptions options = { 0 };
	int status;

	if (program_wants_help(arguments, "why"))
		return 0;
	status = product_options_parse(&options, arguments, 1, "why MACHINE [OPTIONS OF run]");
	if (!status)
		status = explain(&options);
	product_options_finish(&options);
	return status;
}

static int bundle(const ProductOptions *o)
{
	g_autoptr(TsrRegistry) registry = tsr_registry_new();
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	GError *error = NULL;

	if (!tsr_product_bundle(registry, o->words[0], (const char *const *)o->overrides->pdata,
				program ? program : "/proc/self/exe", o->words[1], &error))
		return program_fail_error(error);
	g_print("%s/run\n", o->words[1]);
	return 0;
}

int command_bundle(char **arguments)
{
	ProductOptions options = { 0 };
	int status;

	if (program_wants_help(arguments, "bundle"))
		return 0;
	status = product_options_parse(&options, arguments, 2,
				       "bundle MACHINE FOLDER [OPTIONS OF run]");
	if (!status)
		status = bundle(&options);
	product_options_finish(&options);
	return status;
}
