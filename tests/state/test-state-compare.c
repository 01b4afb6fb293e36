/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compares runs of every device in the plugins that are named on the command line:
 *
 *	test-state-compare [--only MACHINE] [--seed FIRST|random] [--seeds COUNT] ID=PLUGIN.so...
 *
 * A difference is printed with the seed that shows it and the accesses before it.
 */
#include "machines.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tessera/plugin.h>

#define PLUGINS 64
#define ACCESSES 1200u

static struct {
	const char *id;
	const struct tsr_device_class *class;
} plugins[PLUGINS];
static unsigned plugin_count;

const struct tsr_device_class *compare_class(const char *id)
{
	for (unsigned i = 0; i < plugin_count; i++)
		if (strcmp(plugins[i].id, id) == 0)
			return plugins[i].class;
	return NULL;
}

void *compare_make(const char *id, const struct fake_row *rows)
{
	return fake_device_new(compare_class(id), id, rows);
}

static bool open_plugin(char *argument)
{
	char *path = strchr(argument, '=');
	const struct tsr_plugin_entry *entry;
	void *object;

	if (!path || plugin_count == PLUGINS)
		return false;
	*path++ = 0;
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	entry = object ? dlsym(object, "tessera_plugin_entry") : NULL;
	if (!entry) {
		fprintf(stderr, "%s\n", dlerror());
		return false;
	}
	plugins[plugin_count].id = argument;
	plugins[plugin_count++].class = entry->get_factory(TSR_FACTORY_DEVICE);
	return true;
}

static bool is_complete(const struct compare_machine *machine)
{
	for (unsigned i = 0; i < COMPARE_DEVICES && machine->devices[i]; i++)
		if (!compare_class(machine->devices[i]))
			return false;
	return true;
}

static bool compare_seeds(const struct compare_machine *machine, uint64_t first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (!compare_runs(machine, first + i, ACCESSES)) {
			printf("%s: seed %llu differs\n", machine->name,
			       (unsigned long long)(first + i));
			return false;
		}
	printf("%s: %u seeds are the same\n", machine->name, count);
	return true;
}

static uint64_t seed_of(const char *text)
{
	return strcmp(text, "random") == 0 ? (uint64_t)time(NULL) << 16 : strtoull(text, NULL, 0);
}

int main(int argc, char **argv)
{
	const char *only = NULL;
	uint64_t first = 1;
	unsigned count = 25;
	bool good = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
			only = argv[++i];
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
			first = seed_of(argv[++i]);
		else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
			count = (unsigned)strtoul(argv[++i], NULL, 0);
		else if (!open_plugin(argv[i]))
			return 2;
	}
	for (unsigned i = 0; i < compare_machine_count; i++) {
		const struct compare_machine *machine = &compare_machines[i];

		if ((!only || strcmp(only, machine->name) == 0) && is_complete(machine))
			good = compare_seeds(machine, first, count) && good;
	}
	return good ? 0 : 1;
}
