/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A loop that a guest can make endless.
 * fails: random
 * timeout: 3
 * says: did not end within
 */
#define ON_WRITE(d) for (volatile unsigned i = 0; offset == 12 && i != 1; i += 2)
#include "../device.h"
