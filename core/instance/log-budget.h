/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much one instance may write to the log: a little of each place in its plugin, and not too
 * much of all of them together. */
#ifndef TSR_INSTANCE_LOG_BUDGET_H
#define TSR_INSTANCE_LOG_BUDGET_H

#include <glib.h>
#include <stdbool.h>

#include "instance/log-rate.h"

struct tsr_log_budget {
	GMutex mutex;
	GHashTable *sites;       /* place in the plugin -> TsrLogRate */
	TsrLogRate crowd;        /* of all places beyond the first SITES */
	TsrLogRate lines, debug; /* of all places together */
};

void tsr_log_budget_init(struct tsr_log_budget *budget);
void tsr_log_budget_finish(struct tsr_log_budget *budget);

/* Takes a line of `site`, which is for a developer if `is_debug`. False: leave it out. True:
 * *like_it is how many of that place were left out since its last line, *others how many because
 * the instance had used up its budget. [any] */
bool tsr_log_budget_take(struct tsr_log_budget *budget, const void *site, bool is_debug,
			 guint *like_it, guint *others);

#endif
