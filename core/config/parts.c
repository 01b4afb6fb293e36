/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See parts.h. */
#include "config/parts.h"

#include <string.h>

static gboolean is_version(const char *text)
{
	while (*text == ' ')
		text++;
	return *text && strchr("<>=", *text);
}

char **tsr_parts_split(const char *value)
{
	g_autoptr(GStrvBuilder) parts = g_strv_builder_new();
	g_autoptr(GString) part = g_string_new(NULL);

	for (const char *p = value; *p; p++) {
		if (*p == ',' && p[1] != ',' && !is_version(p + 1)) {
			g_strv_builder_add(parts, part->str);
			g_string_truncate(part, 0);
			continue;
		}
		g_string_append_c(part, *p);
		if (*p == ',' && p[1] == ',')
			p++;
	}
	g_strv_builder_add(parts, part->str);
	return g_strv_builder_end(parts);
}

const char *tsr_parts_equals(const char *part)
{
	gsize length =
		strspn(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return length && part[length] == '=' ? part + length : NULL;
}
