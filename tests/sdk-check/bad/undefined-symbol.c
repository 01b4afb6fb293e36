/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A function that no library has.
 * fails: entry
 * says: bad_nowhere
 */
int bad_nowhere(void);
#define ON_READ(d) bad_nowhere()
#include "../device.h"
