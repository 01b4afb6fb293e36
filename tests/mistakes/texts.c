/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts for the user: too many, or not one line of text. */
#include <string.h>

#include "bad.h"

static bool error_in_colour(struct bad *bad, struct tsr_error *error)
{
	return tsr_error_set(error, TSR_ERROR_FAILED,
			     "\033]0;title\a\033[31mred\r\ntessera: all is well\xff\xc2\x9b");
}

static bool error_with_prefix(struct bad *bad, struct tsr_error *error)
{
	return tsr_error_set(error, TSR_ERROR_INVALID, "bad0: bad0: mac=zz");
}

static bool error_without_end(struct bad *bad, struct tsr_error *error)
{
	memset(error->message, 'x', sizeof(error->message));
	return false;
}

static bool error_without_text(struct bad *bad, struct tsr_error *error)
{
	return false;
}

static bool log_in_colour(struct bad *bad, struct tsr_error *error)
{
	tsr_log_at(bad->log, bad->host, TSR_LOG_ERROR, "\033[31mred\n** all is well");
	return true;
}

static bool log_without_end(struct bad *bad, struct tsr_error *error)
{
	for (uintptr_t i = 0; i < 100000; i++)
		bad->log->write(bad->host, (const void *)(i + 1), TSR_LOG_ERROR, "line %u",
				(unsigned)i);
	return true;
}

static bool log_once(struct bad *bad, struct tsr_error *error)
{
	tsr_log_at(bad->log, bad->host, TSR_LOG_ERROR, "the last words");
	return true;
}

static bool log_at_no_level(struct bad *bad, struct tsr_error *error)
{
	tsr_log_at(bad->log, bad->host, (enum tsr_log_level)99, "text");
	return true;
}

static bool status_in_colour(struct bad *bad, struct tsr_error *error)
{
	bad->properties->set_string(bad->host, "fault", "\033[31mred");
	return true;
}

const struct mistake texts[] = {
	{ "error-in-colour", ATTACH, error_in_colour },
	{ "error-with-prefix", ATTACH, error_with_prefix },
	{ "error-without-end", ATTACH, error_without_end },
	{ "error-without-text", ATTACH, error_without_text },
	{ "log-in-colour", ATTACH, log_in_colour },
	{ "log-without-end", WRITE, log_without_end },
	{ "log-in-detach", DETACH, log_once },
	{ "log-at-no-level", ATTACH, log_at_no_level },
	{ "status-in-colour", WRITE, status_in_colour },
	{ NULL, 0, NULL },
};
