/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class of all devices that are written in a script language. An instance asks its host which
 * script it is (draft/script.h), and leads the core's calls to the methods of the script's object.
 */
#define _GNU_SOURCE
#include "common.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 8 /* before the core says that a call has not returned */
#define VARIABLE "TESSERA_SCRIPT_SECONDS"

_Atomic unsigned script_building;

static bool take_tables(struct script_device *d, const struct tsr_host *host)
{
	d->host = host;
	d->properties = host->get(host, TSR_PROPERTIES);
	d->io = host->get(host, TSR_IO);
	d->memory = host->get(host, TSR_MEMORY);
	d->irq = host->get(host, TSR_IRQ);
	d->dma = host->get(host, TSR_DMA);
	d->clock = host->get(host, TSR_CLOCK);
	d->random = host->get(host, TSR_RANDOM);
	d->log = host->get(host, TSR_LOG);
	d->bus = host->get(host, TSR_BUS);
	d->machine = host->get(host, TSR_MACHINE);
	d->worker = host->get(host, TSR_WORKER);
	d->pci = host->get(host, TSR_PCI);
	return d->properties && d->io && d->memory && d->irq && d->dma && d->clock && d->random &&
	       d->log && d->bus && d->machine && d->worker && d->pci;
}

bool script_find_peer(const struct script_device *device, const char *need, const char *interface,
		      struct tsr_interface *out, struct tsr_error *error)
{
	const char *is = NULL;

	*out = (struct tsr_interface){ 0 };
	if (!device->bus->get(device->host, need, out))
		return true;
	if (TSR_HAS(device->bus, which))
		is = device->bus->which(device->host, need);
	if (!is || strcmp(is, interface) == 0)
		return true;
	return tsr_error_set(error, TSR_ERROR_INVALID, "'%s' is connected to %s, and not to %s",
			     need, is, interface);
}

/* "/usr/lib/…/acme-nic/1.0.0/", of which the files are the plugin's own. */
static char *folder_of(const char *file)
{
	const char *end = strrchr(file, '/');

	return strndup(file, end ? (size_t)(end - file + 1) : 0);
}

/* Attach and realize: modules may be imported, resources claimed. */
static bool build(struct script_device *d, const char *file, const char *step,
		  struct tsr_error *error)
{
	bool good;

	d->building = true;
	d->realizing = !file;
	d->is_begun = true;
	script_building++;
	good = (!file || script_language.make(d, file, error)) &&
	       script_language.method(d, step, NULL, error);
	script_building--;
	d->building = d->realizing = false;
	return good;
}

bool script_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	const struct tsr_script *script = host->get(host, TSR_SCRIPT);
	const char *file = script ? script->file(host) : NULL;
	struct script_device *d = self;

	if (!file)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "script-%s is no device; it runs those whose manifests say "
				     "language=%s",
				     script_language.name, script_language.name);
	if (!take_tables(d, host))
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "this host lacks a table of the ABI 1.2");
	d->plugin = script->plugin(host);
	d->folder = folder_of(file);
	return script_language.start(error) && build(d, file, "attach", error);
}

bool script_realize(void *self, struct tsr_error *error)
{
	return build(self, NULL, "realize", error);
}

void script_detach(void *self)
{
	struct script_device *d = self;

	if (d->is_begun)
		script_language.end(d);
	free(d->folder);
	d->folder = NULL;
}

void script_reset(void *self, enum tsr_reset kind)
{
	const struct script_value argument = { .kind = SCRIPT_NUMBER, .number = (uint64_t)kind };

	script_language.method(self, "reset", &argument, NULL);
}

/* What the script has written before it failed is not a state. */
void script_save(void *self, struct tsr_state_writer *out)
{
	const struct script_value argument = { .kind = SCRIPT_WRITER, .data = out };
	struct tsr_error error = { 0 };

	if (!script_language.method(self, "save", &argument, &error))
		tsr_state_fail(out, error.message);
}

bool script_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	const struct script_value argument = { .kind = SCRIPT_READER, .data = in };

	return script_language.method(self, "load", &argument, error);
}

/* -- For the languages */

void script_fault(struct script_device *device, const void *site, const char *line)
{
	if (!device->host)
		return;
	device->log->write(device->host, site, TSR_LOG_ERROR, "%s", line);
	if (device->is_faulty)
		return;
	device->is_faulty = true;
	device->bus->emit(device->host, "fault", line);
}

bool script_find_beside(const char *name, char *path, size_t size)
{
	const char *end;
	Dl_info self;

	if (!dladdr(&tessera_plugin_entry, &self))
		return false;
	end = strrchr(self.dli_fname, '/');
	return end && snprintf(path, size, "%.*s/%s", (int)(end - self.dli_fname), self.dli_fname,
			       name) < (int)size;
}

unsigned script_limit_ms(void)
{
	const char *text = getenv(VARIABLE);
	double seconds = text ? strtod(text, NULL) : 0;

	return seconds >= 0.1 && seconds <= 3600 ? (unsigned)(seconds * 1000) : SECONDS * 1000;
}
