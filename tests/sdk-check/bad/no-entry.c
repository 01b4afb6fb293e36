/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The macro is missing that defines the entry.
 * fails: exports
 * says: does not export tessera_plugin_entry
 */
#define NO_ENTRY
#include "../device.h"
