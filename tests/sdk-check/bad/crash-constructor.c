/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A constructor crashes when the library is loaded.
 * fails: entry
 * says: in the library's constructors
 */
__attribute__((constructor)) static void on_load(void)
{
	__builtin_trap();
}
#include "../device.h"
