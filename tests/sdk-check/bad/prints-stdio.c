/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same with the C library.
 * fails: imports
 * says: writes to the terminal
 */
#include <stdio.h>
#define ON_WRITE(d) puts("!")
#include "../device.h"
