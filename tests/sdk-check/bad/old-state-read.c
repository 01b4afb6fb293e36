/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No mistake: the same as old-state-misread, and it looks at the state's version.
 * manifest: version=2.0.0
 * manifest: state-version=2
 * states: kept
 */
#define PLUGIN_VERSION "2.0.0"
#define SAVE_SECRET(d, out) tsr_state_put_u32(out, "secret", d->secret - 1)
#define LOAD_SECRET(d, in) \
	(tsr_state_get_u32(in, "secret", &d->secret) && (d->secret += in->version > 1) | 1)
#include "../device.h"
