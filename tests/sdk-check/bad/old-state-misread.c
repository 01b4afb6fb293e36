/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A register is saved otherwise than version 1 did, and an older state is read as if it were new.
 * manifest: version=2.0.0
 * manifest: state-version=2
 * states: kept
 * fails: old-states
 * core: old-states
 * says: 2.0.0 loads it without a word and answers otherwise than 1.0.0
 */
#define PLUGIN_VERSION "2.0.0"
#define SAVE_SECRET(d, out) tsr_state_put_u32(out, "secret", d->secret - 1)
#define LOAD_SECRET(d, in) (tsr_state_get_u32(in, "secret", &d->secret) && ++d->secret | 1)
#include "../device.h"
