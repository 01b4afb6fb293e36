/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attach does not return.
 * fails: attach
 * core: attach
 * timeout: 2
 * says: attach did not end within
 */
#define ON_ATTACH(d) for (volatile int i = 0; i < 2; i &= 1)
#include "../device.h"
