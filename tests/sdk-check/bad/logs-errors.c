/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest's mistake becomes an error of the log.
 * fails: log
 * core: random
 * says: "register 12 is not for you"
 */
#define ON_WRITE(d) \
	if (offset == 12) \
	tsr_log_at(d->log, d->host, TSR_LOG_ERROR, "register %d is not for you", (int)offset)
#include "../device.h"
