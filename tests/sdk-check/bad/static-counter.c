/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instances share a variable.
 * fails: statics
 * says: accesses; put them into the instance
 */
static unsigned accesses;
#define ON_READ(d) d->secret += ++accesses
#include "../device.h"
