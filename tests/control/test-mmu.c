/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An MMU for machines whose processor never looks at memory. */
#include <string.h>

#include <tessera/draft/phys.h>
#include <tessera/tessera.h>

static void range_told(void *self, tsr_gpa gpa, uint64_t length)
{
}

static const struct tsr_phys_listener listener = {
	.size = sizeof(listener),
	.mapping_changed = range_told,
	.written = range_told,
	.protect = range_told,
};

static const void *mmu_interface(void *self, const char *interface)
{
	return strcmp(interface, TSR_PHYS_LISTENER) == 0 ? &listener : NULL;
}

static bool mmu_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	return true;
}

static const struct tsr_device_class class = {
	.size = sizeof(class),
	.instance_size = 1,
	.attach = mmu_attach,
	.get_interface = mmu_interface,
};

TSR_DEVICE_PLUGIN(class);
