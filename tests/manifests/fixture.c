/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library of every plugin in plugins/: what is wrong with it is a definition of the build. It
 * does nothing. */
#include <tessera/tessera.h>

#ifndef FIXTURE_ID
#define FIXTURE_ID PLUGIN_ID
#endif
#ifndef FIXTURE_VERSION
#define FIXTURE_VERSION PLUGIN_VERSION
#endif
#ifndef FIXTURE_MAJOR
#define FIXTURE_MAJOR TSR_ABI_MAJOR
#endif
#ifndef FIXTURE_MINOR
#define FIXTURE_MINOR TSR_ABI_MINOR
#endif
#ifndef FIXTURE_SIZE
#define FIXTURE_SIZE sizeof(struct tsr_plugin_entry)
#endif

#ifndef FIXTURE_NO_SYMBOL
static bool fixture_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	return true;
}

static const struct tsr_device_class class = { .size = sizeof(class),
					       .instance_size = 1,
					       .attach = fixture_attach };

static const void *get_factory(const char *factory)
{
#ifdef FIXTURE_ANY_FACTORY
	return &class;
#else
	return strcmp(factory, TSR_FACTORY_DEVICE) == 0 ? &class : NULL;
#endif
}

TSR_PLUGIN_ENTRY = {
	.size = FIXTURE_SIZE,
	.abi = { FIXTURE_MAJOR, FIXTURE_MINOR },
	.id = FIXTURE_ID,
	.version = FIXTURE_VERSION,
	.get_factory = get_factory,
};
#endif
