/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How often one source of messages may write: some lines at once, then one now and then. What a
 * guest, a peer or a lack of descriptors repeats without end must not fill the log. */
#ifndef TSR_LOG_RATE_H
#define TSR_LOG_RATE_H

#include <glib.h>

/* All zeros: nothing was written yet. */
typedef struct {
	gint64 paid_until; /* microseconds: each line moves it on by the interval */
	guint left_out;    /* lines since the last that was allowed */
} TsrLogRate;

/* Takes a line at `now`, g_get_monotonic_time(); of `burst` lines the interval passes once for
 * each. False: leave it out. True: *left_out is how many were, since the last one. */
static inline gboolean tsr_log_rate_take(TsrLogRate *rate, gint64 now, guint burst,
					 gint64 interval_us, guint *left_out)
{
	gint64 from = MAX(rate->paid_until, now);

	if (from - now > (burst - 1) * interval_us) {
		rate->left_out++;
		return FALSE;
	}
	rate->paid_until = from + interval_us;
	*left_out = rate->left_out;
	rate->left_out = 0;
	return TRUE;
}

#endif
