/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A load changes what it has loaded.
 * fails: round-trip
 * says: is another one
 */
#define SAVE_SECRET(d, out) tsr_state_put_u32(out, "secret", d->secret)
#define LOAD_SECRET(d, in) (tsr_state_get_u32(in, "secret", &d->secret) && ++d->secret)
#include "../device.h"
