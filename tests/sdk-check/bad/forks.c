/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It starts a program.
 * fails: imports
 * says: system: makes processes
 */
#define ON_ATTACH(d) \
	if (system("true")) \
	return false
#include "../device.h"
