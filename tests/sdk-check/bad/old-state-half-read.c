/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A field has another name than in version 1, of which it takes a default instead.
 * manifest: version=2.0.0
 * manifest: state-version=2
 * states: kept
 * fails: old-states
 * core: old-states
 * says: answers otherwise than 1.0.0
 */
#define PLUGIN_VERSION "2.0.0"
#define SAVE_SECRET(d, out) tsr_state_put_u32(out, "hidden", d->secret)
#define LOAD_SECRET(d, in) (tsr_state_get_u32(in, "hidden", &d->secret) | 1)
#include "../device.h"
