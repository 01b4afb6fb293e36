/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See log-budget.h. */
#include "instance/log-budget.h"

#define SITES 256 /* a plugin that names more makes up its places */
#define SITE_BURST 5
#define BURST 20
#define DEBUG_BURST 1000
/* Debugging is for a person who waits for it. */
#define SITE_INTERVAL_US (10 * G_USEC_PER_SEC)
#define SITE_DEBUG_INTERVAL_US (G_USEC_PER_SEC / 5)
#define INTERVAL_US (10 * G_USEC_PER_SEC)
#define DEBUG_INTERVAL_US (G_USEC_PER_SEC / 200)

void tsr_log_budget_init(struct tsr_log_budget *budget)
{
	g_mutex_init(&budget->mutex);
	budget->sites = g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

void tsr_log_budget_finish(struct tsr_log_budget *budget)
{
	g_hash_table_unref(budget->sites);
	g_mutex_clear(&budget->mutex);
}

static TsrLogRate *rate_of(struct tsr_log_budget *budget, const void *site)
{
	TsrLogRate *rate = g_hash_table_lookup(budget->sites, site);

	if (rate)
		return rate;
	if (g_hash_table_size(budget->sites) >= SITES)
		return &budget->crowd;
	rate = g_new0(TsrLogRate, 1);
	g_hash_table_insert(budget->sites, (gpointer)site, rate);
	return rate;
}

bool tsr_log_budget_take(struct tsr_log_budget *budget, const void *site, bool is_debug,
			 guint *like_it, guint *others)
{
	gint64 now = g_get_monotonic_time();
	bool taken;

	*like_it = *others = 0;
	g_mutex_lock(&budget->mutex);
	taken = tsr_log_rate_take(rate_of(budget, site), now, SITE_BURST,
				  is_debug ? SITE_DEBUG_INTERVAL_US : SITE_INTERVAL_US, like_it);
	if (taken && is_debug)
		taken = tsr_log_rate_take(&budget->debug, now, DEBUG_BURST, DEBUG_INTERVAL_US,
					  others);
	else if (taken)
		taken = tsr_log_rate_take(&budget->lines, now, BURST, INTERVAL_US, others);
	g_mutex_unlock(&budget->mutex);
	return taken;
}
