/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reset depends on what was before.
 * fails: resets
 * says: a second reset
 */
#define ON_RESET(d) d->more = d->more ? NULL : d
#define ON_SAVE(d, out) tsr_state_put_bool(out, "more", d->more != NULL)
#include "../device.h"
