/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel keeps per thread: capabilities and the Landlock domain. */
#ifndef TSR_JAIL_PRIVILEGES_H
#define TSR_JAIL_PRIVILEGES_H

#include <stdbool.h>

/* Every thread of the process gains no privileges any more, has no capabilities, and enters the
 * Landlock domain of `ruleset` (-1: none). False, with errno: some thread did not. [main] */
bool tsr_jail_drop_privileges(int ruleset);

#endif
