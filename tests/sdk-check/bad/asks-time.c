/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest sees the host's clock.
 * fails: imports
 * says: time: asks the host for the time; use tessera.clock/1
 */
#include <time.h>
#define ON_READ(d) d->secret = (uint32_t)time(NULL)
#include "../device.h"
