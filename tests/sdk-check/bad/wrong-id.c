/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library is another plugin than its manifest says.
 * fails: entry
 * says: other
 */
#define PLUGIN_ID "other"
#include "../device.h"
