/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It ends the process without an import that says so.
 * fails: random
 * core: random
 * says: it ended the whole process, with status 7
 */
#include <sys/syscall.h>
#include <unistd.h>
#define ON_WRITE(d) \
	if (offset == 12) \
	syscall(SYS_exit_group, 7)
#include "../device.h"
