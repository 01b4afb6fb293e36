/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libraries and plugins log. Some of it can be caused without end from outside, such as GLib's
 * warning for each connection that it cannot accept. Of each log domain a few lines are written,
 * and how many were left out; messages for developers (G_MESSAGES_DEBUG) are not limited. Neither
 * is the core's own domain, in which each instance has its budget (instance/log-budget.h): what one
 * writes must not hide what another has to say.
 */
#include <string.h>

#include "instance/log-rate.h"
#include "program/program.h"

#define CORE_DOMAIN "tessera"
#define BURST 20
#define INTERVAL_US (10 * G_USEC_PER_SEC)

static struct {
	GMutex mutex;
	GHashTable *domains; /* name -> TsrLogRate */
} limited;

static const char *domain_of(const GLogField *fields, gsize count)
{
	for (gsize i = 0; i < count; i++)
		if (g_str_equal(fields[i].key, "GLIB_DOMAIN") && fields[i].value &&
		    fields[i].length < 0)
			return fields[i].value;
	return "";
}

/* Mutex held. */
static TsrLogRate *rate_of(const char *domain)
{
	TsrLogRate *rate;

	if (!limited.domains)
		limited.domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	rate = g_hash_table_lookup(limited.domains, domain);
	if (!rate) {
		rate = g_new0(TsrLogRate, 1);
		g_hash_table_insert(limited.domains, g_strdup(domain), rate);
	}
	return rate;
}

static gboolean take_line(const char *domain, guint *left_out)
{
	gboolean taken;

	g_mutex_lock(&limited.mutex);
	taken = tsr_log_rate_take(rate_of(domain), g_get_monotonic_time(), BURST, INTERVAL_US,
				  left_out);
	g_mutex_unlock(&limited.mutex);
	return taken;
}

static GLogWriterOutput write_message(GLogLevelFlags level, const GLogField *fields, gsize count,
				      gpointer user)
{
	const char *domain = domain_of(fields, count);
	guint left_out = 0;

	if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE) &&
	    !g_str_equal(domain, CORE_DOMAIN) && !take_line(domain, &left_out))
		return G_LOG_WRITER_HANDLED;
	if (left_out)
		g_printerr("tessera: %u messages of %s were left out\n", left_out,
			   *domain ? domain : "the program");
	return g_log_writer_default(level, fields, count, NULL);
}

void program_limit_log(void)
{
	g_log_set_writer_func(write_message, NULL, NULL);
}
