/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets the faults of fault.c from inside a test program. */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdlib.h>

/* No other thread does I/O meanwhile. NULL: no faults. The rules are fault.c's. */
static inline void fault_set(const char *pattern, const char *rules)
{
	unsetenv("TESSERA_FAULT_FILE");
	unsetenv("TESSERA_FAULT");
	if (!rules)
		return;
	setenv("TESSERA_FAULT_FILE", pattern, 1);
	setenv("TESSERA_FAULT", rules, 1);
}

#endif
