/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It writes to the terminal.
 * only: log
 * fails: log
 * says: wrote to the terminal
 */
#include <unistd.h>
#define ON_WRITE(d) \
	if (write(1, "!", 1) < 0) \
	return
#include "../device.h"
