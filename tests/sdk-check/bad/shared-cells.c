/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same, as two instances show it.
 * only: two-instances
 * fails: two-instances
 * says: changed another one's state
 */
#include <stdint.h>
static uint32_t shared;
#define ON_WRITE(d) shared = (uint32_t)value
#define ON_SAVE(d, out) tsr_state_put_u32(out, "shared", shared)
#include "../device.h"
