/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each instance leaves a file open.
 * fails: leaks
 * says: descriptors are open
 */
#include <fcntl.h>
#define ON_ATTACH(d) d->index = (uint32_t)(open("/dev/null", O_RDONLY) & 0)
#include "../device.h"
