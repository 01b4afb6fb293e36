/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A register is not in the state. Only the differential test sees it.
 * fails: differential
 * core: differential
 * says: its state forgets something
 */
#define SAVE_SECRET(d, out)
#define LOAD_SECRET(d, in) true
#include "../device.h"
