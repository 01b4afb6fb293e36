/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It gives its class under any name.
 * fails: entry|factory
 */
#define NO_ENTRY
#include "../device.h"

static const void *get_factory(const char *factory)
{
	return &bad_class;
}

TSR_PLUGIN_ENTRY = {
	.size = sizeof(struct tsr_plugin_entry),
	.abi = TSR_ABI_CURRENT,
	.id = PLUGIN_ID,
	.version = PLUGIN_VERSION,
	.get_factory = get_factory,
};
