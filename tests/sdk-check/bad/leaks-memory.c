/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each instance leaves memory behind.
 * fails: leaks
 * says: bytes behind
 */
#define ON_ATTACH(d) d->more = malloc(100)
#include "../device.h"
