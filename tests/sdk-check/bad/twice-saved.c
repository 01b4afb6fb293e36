/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A field is written twice.
 * fails: resets
 * says: written twice
 */
#define ON_SAVE(d, out) tsr_state_put_u32(out, "index", 1)
#include "../device.h"
