/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest sees the host's random numbers.
 * fails: imports
 * says: use tessera.random/1
 */
#define ON_RESET(d) d->secret = (uint32_t)random()
#include "../device.h"
