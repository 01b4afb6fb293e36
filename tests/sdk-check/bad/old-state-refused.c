/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It refuses a state that its manifest says it loads.
 * manifest: version=2.0.0
 * manifest: state-version=2
 * states: kept
 * fails: old-states
 * core: old-states
 * says: if that is meant, raise state-oldest= in the manifest
 */
#define PLUGIN_VERSION "2.0.0"
#define SAVE_SECRET(d, out) tsr_state_put_u32(out, "secret", d->secret)
#define LOAD_SECRET(d, in) (in->version > 1 && tsr_state_get_u32(in, "secret", &d->secret))
#include "../device.h"
