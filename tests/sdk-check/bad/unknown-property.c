/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It asks for a property that its manifest does not have.
 * fails: attach
 * says: no property speed in its manifest
 */
#define ON_ATTACH(d) \
	d->index = \
		(uint32_t)((const struct tsr_properties *)d->host->get(d->host, TSR_PROPERTIES)) \
			->get_int(d->host, "speed")
#include "../device.h"
