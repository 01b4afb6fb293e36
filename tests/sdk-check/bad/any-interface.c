/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It gives a table under any name.
 * fails: interfaces
 * core: attach
 * says: it may only know what it provides
 */
#define GET_INTERFACE bad_get_interface
#include <stddef.h>
static const void *bad_get_interface(void *self, const char *interface)
{
	static const size_t table[4] = { sizeof(table) };

	return table;
}
#include "../device.h"
