/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It does not have what its manifest provides.
 * manifest: provides=tessera.chardev/1
 * fails: interfaces
 * says: provides tessera.chardev/1
 */
#define GET_INTERFACE bad_get_interface
#include <stddef.h>
static const void *bad_get_interface(void *self, const char *interface)
{
	return NULL;
}
#include "../device.h"
