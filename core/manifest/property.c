/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See property.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/property.h"

static int number_base(const char *text)
{
	return g_ascii_strncasecmp(text, "0x", 2) == 0 ? 16 : 10;
}

gboolean tsr_parse_int(const char *text, gint64 *out)
{
	const char *digits = text + (*text == '-' || *text == '+');
	gint64 value;
	char *end;

	if (!g_ascii_isdigit(*digits))
		return FALSE;
	errno = 0;
	value = g_ascii_strtoll(text, &end, number_base(digits));
	if (errno || *end)
		return FALSE;
	*out = value;
	return TRUE;
}

gboolean tsr_parse_size(const char *text, guint unit, guint64 *out)
{
	static const char suffixes[] = "kmg";
	guint64 value, factor = 1;
	char *end;

	if (!g_ascii_isdigit(*text))
		return FALSE;
	errno = 0;
	value = g_ascii_strtoull(text, &end, number_base(text));
	if (errno)
		return FALSE;
	if (*end) {
		const char *suffix = strchr(suffixes, g_ascii_tolower(*end));

		if (!suffix || end[1])
			return FALSE;
		for (long i = 0; i <= suffix - suffixes; i++)
			factor *= unit;
	}
	return g_uint64_checked_mul(out, value, factor);
}

gboolean tsr_parse_bool(const char *text, gboolean *out)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };

	for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
		if (g_ascii_strcasecmp(text, words[i]) == 0) {
			*out = i & 1;
			return TRUE;
		}
	}
	return FALSE;
}

char *tsr_list_join(const char *const *names)
{
	return g_strjoinv(", ", (char **)names);
}

static char *describe_range(const TsrPropertySpec *spec, const char *what, const char *how)
{
	if (spec->min == G_MININT64 && spec->max == G_MAXINT64)
		return g_strdup_printf("%s%s", what, how);
	if (spec->max == G_MAXINT64)
		return g_strdup_printf("%s from %" G_GINT64_FORMAT "%s", what, spec->min, how);
	return g_strdup_printf("%s from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT "%s", what,
			       spec->min, spec->max, how);
}

char *tsr_property_describe(const TsrPropertySpec *spec)
{
	g_autofree char *values = NULL;

	switch (spec->type) {
	case TSR_PROPERTY_INT:
		return describe_range(spec, "a number", "");
	case TSR_PROPERTY_SIZE:
		return describe_range(spec, "a size", " in bytes, K, M or G");
	case TSR_PROPERTY_BOOL:
		return g_strdup("true or false");
	case TSR_PROPERTY_ENUM:
		values = tsr_list_join((const char *const *)spec->values);
		return g_strdup_printf("one of %s", values);
	case TSR_PROPERTY_FILE:
		return g_strdup("a path");
	case TSR_PROPERTY_FILES:
		return g_strdup("names with paths, NAME=PATH;…");
	case TSR_PROPERTY_STRING:
		break;
	}
	return g_strdup("text");
}

static char *check_int(const TsrPropertySpec *spec, const char *value)
{
	gint64 number;

	if (!tsr_parse_int(value, &number) || number < spec->min || number > spec->max)
		return NULL;
	return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static char *check_size(const TsrPropertySpec *spec, const char *value)
{
	guint64 bytes;

	if (!tsr_parse_size(value, 1024, &bytes) || bytes > G_MAXINT64 ||
	    (gint64)bytes < spec->min || (gint64)bytes > spec->max)
		return NULL;
	return g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
}

static char *check_bool(const char *value)
{
	gboolean truth;

	if (!tsr_parse_bool(value, &truth))
		return NULL;
	return g_strdup(truth ? "true" : "false");
}

static char *check_value(const TsrPropertySpec *spec, const char *value)
{
	switch (spec->type) {
	case TSR_PROPERTY_INT:
		return check_int(spec, value);
	case TSR_PROPERTY_SIZE:
		return check_size(spec, value);
	case TSR_PROPERTY_BOOL:
		return check_bool(value);
	case TSR_PROPERTY_ENUM:
		return g_strv_contains((const char *const *)spec->values, value) ? g_strdup(value)
										 : NULL;
	case TSR_PROPERTY_STRING:
	case TSR_PROPERTY_FILE:
	case TSR_PROPERTY_FILES:
		break;
	}
	return g_strdup(value);
}

char *tsr_property_check(const TsrPropertySpec *spec, const char *value, char **allowed)
{
	char *checked = NULL;

	if (*value == '\0' && spec->type != TSR_PROPERTY_STRING &&
	    spec->type != TSR_PROPERTY_FILE && spec->type != TSR_PROPERTY_FILES)
		return g_strdup(spec->default_value);
	if (g_utf8_validate(value, -1, NULL))
		checked = check_value(spec, value);
	if (!checked && allowed)
		*allowed = tsr_property_describe(spec);
	return checked;
}
