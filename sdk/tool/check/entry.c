/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manifest, and what the library's entry says. */
#define _GNU_SOURCE
#include "check.h"

#include <dlfcn.h>
#include <string.h>

#define INSTANCE_MAX (64u << 20) /* bytes; what is larger belongs into memory of its own */

void check_manifest(const struct check *check)
{
	if (!check->plugin)
		check_fail("%s", check->refusal);
	if (!g_file_test(check->library, G_FILE_TEST_EXISTS))
		check_fail("there is no library %s", check->library);
	if (!*tsr_plugin_get_licence(check->plugin) || !*tsr_plugin_get_vendor(check->plugin))
		check_note("licence= and vendor= are empty");
}

char *check_library_of(const char *manifest)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *folder = g_path_get_dirname(manifest),
			*name = g_path_get_basename(manifest);
	g_autofree char *library = NULL, *usual = NULL;

	g_key_file_load_from_file(file, manifest, G_KEY_FILE_NONE, NULL);
	library = g_key_file_get_string(file, "Plugin", "library", NULL);
	if (g_str_has_suffix(name, ".plugin"))
		name[strlen(name) - strlen(".plugin")] = 0;
	usual = g_strconcat(name, ".so", NULL);
	return g_build_filename(folder, library && *library ? library : usual, NULL);
}

char *check_language_of(const char *manifest)
{
	g_autoptr(GKeyFile) file = g_key_file_new();

	g_key_file_load_from_file(file, manifest, G_KEY_FILE_NONE, NULL);
	return g_key_file_get_string(file, "Plugin", "language", NULL);
}

char *check_code_of(const char *manifest)
{
	g_autofree char *language = check_language_of(manifest), *id = NULL;
	g_autoptr(TsrRegistry) registry = NULL;
	TsrPlugin *host;

	if (!language)
		return check_library_of(manifest);
	registry = tsr_registry_new();
	id = g_strconcat("script-", language, NULL);
	host = tsr_registry_find(registry, id, NULL);
	return host ? check_library_of(tsr_plugin_get_manifest_path(host)) : NULL;
}

const struct tsr_plugin_entry *check_open(const char *library)
{
	const struct tsr_plugin_entry *entry;
	void *object;

	check_phase("the library's constructors");
	object = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (!object)
		check_fail("%s", dlerror());
	entry = dlsym(object, TSR_PLUGIN_SYMBOL);
	if (!entry)
		check_fail("it does not export " TSR_PLUGIN_SYMBOL);
	return entry;
}

const struct tsr_device_class *check_class_of(const char *library)
{
	const struct tsr_plugin_entry *entry = check_open(library);
	const struct tsr_device_class *class;

	check_phase("get_factory");
	class = entry->get_factory(TSR_FACTORY_DEVICE);
	if (!class)
		check_fail("get_factory has no " TSR_FACTORY_DEVICE);
	return class;
}

void check_entry(const struct check *check)
{
	g_autoptr(GError) error = NULL;

	check_phase("the library's constructors");
	if (!tsr_registry_load_plugin(check->registry, check->plugin, &error))
		check_fail("%s", error->message);
}

void check_factory(const struct check *check)
{
	static const char *const unknown[] = { "", "tessera.device/2", "tessera.device",
					       "tessera.nothing-of-that-name/1" };
	const struct tsr_plugin_entry *entry = check_open(check->code);
	const void *class = check_class_of(check->code);

	for (unsigned i = 0; i < G_N_ELEMENTS(unknown); i++)
		if (entry->get_factory(unknown[i]))
			check_fail(
				"get_factory(\"%s\") is not NULL; it may only know its own names",
				unknown[i]);
	if (entry->get_factory(TSR_FACTORY_DEVICE) != class)
		check_fail("get_factory gives another table each time");
}

void check_class(const struct check *check)
{
	const struct tsr_device_class *class = check_class_of(check->code);
	unsigned version = tsr_plugin_get_state_version(check->plugin);

	if (class->size < G_STRUCT_OFFSET(struct tsr_device_class, get_interface))
		check_fail("the class says it has %u bytes: set size to sizeof(struct "
			   "tsr_device_class)",
			   class->size);
	if (!class->attach)
		check_fail("the class has no attach");
	if (!class->instance_size || class->instance_size > INSTANCE_MAX)
		check_fail("instance_size is %" G_GSIZE_FORMAT " bytes", class->instance_size);
	if (!class->save != !class->load)
		check_fail("the class has %s without %s", class->save ? "save" : "load",
			   class->save ? "load" : "save");
	if (class->save && !version)
		check_fail("it saves a state, and its manifest has no state-version");
	if (!class->save)
		check_note("it has no state");
	if (*tsr_plugin_get_provides(check->plugin) && !class->get_interface)
		check_fail("the manifest provides %s, and the class has no get_interface",
			   *tsr_plugin_get_provides(check->plugin));
}
