/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See mistakes.h. */
#include "instance/mistakes.h"

#include "manifest/text.h"

#define MISTAKE "%s; this is a mistake of plugin %s: use another version of it, or tell its vendor"
#define CONFLICT "%s; give one of them another place, or use another version of plugin %s"

static void tell(struct tsr_mistakes *mistakes, const char *site, const char *text)
{
	guint like_it, others;

	if (tsr_log_budget_take(mistakes->log, site, false, &like_it, &others))
		g_log("tessera", G_LOG_LEVEL_WARNING, "%s: %s", mistakes->callee->name, text);
}

static void add(struct tsr_mistakes *mistakes, const char *site, char *text)
{
	bool collects;

	tsr_text_make_harmless(text);
	g_mutex_lock(&mistakes->log->mutex);
	collects = mistakes->collects;
	if (collects && !mistakes->first)
		mistakes->first = g_strdup(text);
	g_mutex_unlock(&mistakes->log->mutex);
	if (!collects)
		tell(mistakes, site, text);
	g_free(text);
}

void tsr_mistakes_collect(struct tsr_mistakes *mistakes)
{
	mistakes->collects = true;
}

char *tsr_mistakes_take(struct tsr_mistakes *mistakes)
{
	mistakes->collects = false;
	return g_steal_pointer(&mistakes->first);
}

void tsr_mistake(struct tsr_mistakes *mistakes, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	add(mistakes, format, g_strdup_printf(MISTAKE, what, mistakes->callee->plugin));
}

bool tsr_mistake_error(struct tsr_mistakes *mistakes, struct tsr_error *error, const char *format,
		       ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	add(mistakes, format, g_strdup_printf(MISTAKE, what, mistakes->callee->plugin));
	return tsr_error_set(error, TSR_ERROR_FAILED, "%s", what);
}

void tsr_conflict(struct tsr_mistakes *mistakes, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	add(mistakes, format, g_strdup_printf(CONFLICT, what, mistakes->callee->plugin));
}
