/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that is not initialised reaches the guest.
 * fails: deterministic
 * says: memory that is not initialised
 */
#define ON_ATTACH(d) d->more = malloc(64)
#define ON_READ(d) \
	if (offset == 12) \
	return *((volatile uint32_t *)d->more + 8)
#define ON_DETACH(d) free(d->more)
#include "../device.h"
