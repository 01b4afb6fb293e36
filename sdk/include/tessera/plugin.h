/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one symbol that a plugin's library exports. */
#ifndef TESSERA_PLUGIN_H
#define TESSERA_PLUGIN_H

#include "abi.h"

struct tsr_plugin_entry {
	uint32_t size;      /* sizeof(struct tsr_plugin_entry) */
	struct tsr_abi abi; /* TSR_ABI_CURRENT */
	const char *id;     /* equal to the manifest's */
	const char *version;
	/* A constant table for a factory's name. NULL for every name that the plugin does not know:
	 * the core asks for one that does not exist, and refuses a plugin that has it. The one name
	 * so far is TSR_FACTORY_DEVICE (device.h), also for back ends, processors and MMUs. [any]
	 */
	const void *(*get_factory)(const char *factory);
};

/* The symbol's name. TSR_DEVICE_PLUGIN in device.h defines the symbol; a plugin with factories of
 * its own writes TSR_PLUGIN_ENTRY = { ... }; */
#define TSR_PLUGIN_SYMBOL "tessera_plugin_entry"
#define TSR_PLUGIN_ENTRY const struct tsr_plugin_entry tessera_plugin_entry

/* Exported by this declaration, and in C++ by it alone: there a constant would stay in its file. */
TSR_EXTERN_C TSR_EXPORT const struct tsr_plugin_entry tessera_plugin_entry;

#endif
