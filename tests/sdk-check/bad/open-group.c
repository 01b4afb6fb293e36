/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A group of the state is left open.
 * fails: resets
 * says: left group more
 */
#define ON_SAVE(d, out) out->ops->begin(out, "more")
#include "../device.h"
