/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a plugin implements: a class of instances (devices, back ends, CPUs, MMUs, user interfaces).
 */
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
	uint32_t flags;       /* 0: none are defined; the core takes no other */
	size_t instance_size; /* bytes; the core allocates them zeroed and passes them as `self` */

	/* Claims what the manifest names. False and error: the instance cannot be made; the core
	 * releases what was claimed before. Interfaces of other instances may be fetched here (each
	 * need of the manifest is connected before attach) but not called before `realize`. [main &
	 * !running] */
	bool (*attach)(void *self, const struct tsr_host *host, struct tsr_error *error);
	/* All instances are attached: the first moment to call others. False and error: the machine
	 * cannot be made. May be NULL. [main & !running] */
	bool (*realize)(void *self, struct tsr_error *error);
	/* Releases what the instance took outside of the host tables (memory, files); the core
	 * releases regions, timers and watches. Also called after attach or realize failed. May be
	 * NULL. [main & !running] */
	void (*detach)(void *self);
	/* Puts the instance into the state that its data sheet gives for this reset. May be NULL.
	 * [locked] */
	void (*reset)(void *self, enum tsr_reset kind);
	/* Writes all that the guest can observe. `save` and `load` are both NULL only for instances
	 * without such state. The guest does not run. [locked] */
	void (*save)(void *self, struct tsr_state_writer *out);
	/* Takes over a saved state; the guest does not run. False and error: it cannot be loaded;
	 * the machine is then discarded. [locked] */
	bool (*load)(void *self, struct tsr_state_reader *in, struct tsr_error *error);
	/* The table of an interface that the plugin's manifest provides. NULL for every name that
	 * the plugin does not know: the core asks for one that does not exist, and does not make an
	 * instance that has it. The table's functions are called with `self`; it stays valid until
	 * detach. May be NULL. Called after attach. [any] */
	const void *(*get_interface)(void *self, const char *interface);

	/* Since ABI 1.2; for live upgrades. Stands still: no job, request or thread of the instance
	 * is under way when it returns, and host resources that only one can have (locks, ports)
	 * are free for another version of the plugin. Then comes `save`, and after that `detach` or
	 * `resume`, and nothing else. False and error: not now; the instance goes on as if it had
	 * not been asked. NULL: nothing is to be done; its jobs (tsr_worker) are done, as before
	 * each `save`. The guest does not run. [locked] */
	bool (*quiesce)(void *self, struct tsr_error *error);
	/* Since ABI 1.2. It stays: takes up again what `quiesce` let go of. May be NULL. The guest
	 * does not run. [locked] */
	void (*resume)(void *self);
};

/*
 * Defines all that the core looks for in a plugin's .so: the exported entry (plugin.h) and the
 * factory that it names, whose only table is device_class, a constant struct tsr_device_class.
 * Write it once, at the end of one source file:
 *
 *	TSR_DEVICE_PLUGIN(uart_class);
 *
 * The build defines PLUGIN_ID and PLUGIN_VERSION as strings that are equal to the manifest's `id`
 * and `version`; the core refuses a library that says otherwise.
 *
 * C++ before C++20 has no designated initialisers: let a constexpr function set the members of a
 * class that it made with {}, and return it. Positions would have to be counted again.
 */
#define TSR_DEVICE_PLUGIN(device_class) \
	static const void *tsr_plugin_get_factory(const char *factory) \
	{ \
		return strcmp(factory, TSR_FACTORY_DEVICE) == 0 ? &(device_class) : NULL; \
	} \
	TSR_PLUGIN_ENTRY = { sizeof(struct tsr_plugin_entry), TSR_ABI_CURRENT, PLUGIN_ID, \
			     PLUGIN_VERSION, tsr_plugin_get_factory }

#endif
