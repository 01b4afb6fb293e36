/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See version.h. */
#include <string.h>

#include "manifest/version.h"

#define PART_MAX 999999

static gboolean parse_part(const char **text, guint *out)
{
	const char *p = *text;
	guint value = 0;

	if (!g_ascii_isdigit(*p))
		return FALSE;
	for (; g_ascii_isdigit(*p); p++) {
		value = value * 10 + (guint)(*p - '0');
		if (value > PART_MAX)
			return FALSE;
	}
	*out = value;
	*text = p;
	return TRUE;
}

gboolean tsr_version_parse(const char *text, TsrVersion *out)
{
	TsrVersion version = { 0 };

	for (;;) {
		if (version.parts == 3 || !parse_part(&text, &version.part[version.parts++]))
			return FALSE;
		if (*text == '\0')
			break;
		if (*text++ != '.')
			return FALSE;
	}
	*out = version;
	return TRUE;
}

static int compare_parts(const TsrVersion *a, const TsrVersion *b, guint parts)
{
	for (guint i = 0; i < parts; i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return 0;
}

int tsr_version_compare(const TsrVersion *a, const TsrVersion *b)
{
	return compare_parts(a, b, 3);
}

static const struct {
	const char *text;
	TsrVersionOp op;
} operators[] = {
	/* the longer of two with the same beginning first */
	{ ">=", TSR_VERSION_GE }, { "<=", TSR_VERSION_LE }, { ">", TSR_VERSION_GT },
	{ "<", TSR_VERSION_LT },  { "=", TSR_VERSION_EQ },
};

static gboolean parse_term(char *text, TsrVersionRange *out)
{
	if (out->n == TSR_VERSION_RANGE_MAX)
		return FALSE;
	g_strstrip(text);
	for (guint i = 0; i < G_N_ELEMENTS(operators); i++) {
		if (!g_str_has_prefix(text, operators[i].text))
			continue;
		text += strlen(operators[i].text);
		out->term[out->n].op = operators[i].op;
		return tsr_version_parse(g_strchug(text), &out->term[out->n++].version);
	}
	return FALSE;
}

gboolean tsr_version_range_parse(const char *text, TsrVersionRange *out)
{
	g_auto(GStrv) terms = g_strsplit(text, ",", -1);

	*out = (TsrVersionRange){ 0 };
	if (*text == '\0')
		return TRUE;
	for (char **term = terms; *term; term++)
		if (!parse_term(*term, out))
			return FALSE;
	return TRUE;
}

static gboolean term_holds(TsrVersionOp op, int order)
{
	switch (op) {
	case TSR_VERSION_EQ:
		return order == 0;
	case TSR_VERSION_GE:
		return order >= 0;
	case TSR_VERSION_GT:
		return order > 0;
	case TSR_VERSION_LE:
		return order <= 0;
	case TSR_VERSION_LT:
		return order < 0;
	}
	g_return_val_if_reached(FALSE);
}

gboolean tsr_version_range_contains(const TsrVersionRange *range, const TsrVersion *version)
{
	for (guint i = 0; i < range->n; i++) {
		const TsrVersion *limit = &range->term[i].version;

		if (!term_holds(range->term[i].op, compare_parts(version, limit, limit->parts)))
			return FALSE;
	}
	return TRUE;
}
