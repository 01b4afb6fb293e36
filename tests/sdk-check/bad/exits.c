/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It ends the machine when it does not like something.
 * fails: imports
 * says: exit: ends the whole process
 */
#define ON_WRITE(d) \
	if (value == 0x12345678) \
	exit(1)
#include "../device.h"
