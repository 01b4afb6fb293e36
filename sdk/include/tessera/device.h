/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a plugin implements: a class of instances (devices, back ends, CPUs, MMUs, user interfaces). */
#ifndef TESSERA_DEVICE_H
#define TESSERA_DEVICE_H

#include <string.h>

#include "abi.h"
#include "error.h"
#include "host.h"
#include "plugin.h"
#include "state.h"

#define TSR_FACTORY_DEVICE "tessera.device/1"

enum tsr_reset {
	TSR_RESET_POWER_ON, /* everything to its data sheet's power-on value */
	TSR_RESET_HARD,     /* the board's reset line: memory keeps its contents */
	TSR_RESET_SOFT,     /* INIT: processors only; the A20 gate opens */
};

struct tsr_device_class {
	uint32_t size;
	size_t instance_size; /* bytes; the core allocates them zeroed and passes them as `self` */

	/* Claims everything the manifest names. What was claimed before a failure is given back by the
	 * core. Interfaces of others may be fetched here (a need of the manifest is satisfied before
	 * attach), but not called before `realize`. [main & !running] */
	bool (*attach)(void *self, const struct tsr_host *host, struct tsr_error *error);
	/* All attached; first moment to call other instances. May be NULL. [main & !running] */
	bool (*realize)(void *self, struct tsr_error *error);
	/* Releases what attach took outside the host tables (host resources are taken back by the core).
	 * Called also after a failed attach/realize. May be NULL. [main & !running] */
	void (*detach)(void *self);
	void (*reset)(void *self, enum tsr_reset kind); /* may be NULL [locked] */
	/* Both NULL only for instances without guest-visible state. The guest does not run. [locked] */
	void (*save)(void *self, struct tsr_state_writer *out);
	/* Returns false and fills in error when the state cannot be loaded; the machine is then discarded. */
	bool (*load)(void *self, struct tsr_state_reader *in, struct tsr_error *error);
	/* The table of an interface that the manifest says it provides, or NULL. Called with `self`.
	 * May be NULL. After attach. [any] */
	const void *(*get_interface)(void *self, const char *interface);
};

/*
 * Defines all that the core looks for in a plugin's .so: the exported entry (plugin.h) and the factory
 * that it names, whose only table is device_class, a constant struct tsr_device_class. Write it once,
 * at the end of one source file:
 *
 *	TSR_DEVICE_PLUGIN(uart_class);
 *
 * The build defines PLUGIN_ID and PLUGIN_VERSION as strings that are equal to the manifest's `id` and
 * `version`; the core refuses a library that says otherwise.
 */
#define TSR_DEVICE_PLUGIN(device_class) \
	static const void *tsr_plugin_get_factory(const char *factory) \
	{ \
		return strcmp(factory, TSR_FACTORY_DEVICE) == 0 ? &(device_class) : NULL; \
	} \
	TSR_PLUGIN_ENTRY = { \
		.size = sizeof(struct tsr_plugin_entry), \
		.abi = TSR_ABI_CURRENT, \
		.id = PLUGIN_ID, \
		.version = PLUGIN_VERSION, \
		.get_factory = tsr_plugin_get_factory, \
	}

#endif
