/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A register beyond an array.
 * fails: random
 * core: random
 * says: (port write of
 */
#define ON_WRITE(d) \
	if (value > 0x7fffffff) \
	d->cells[value] = 1
#include "../device.h"
