/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See pattern.h. */
#include "monitor/pattern.h"

#include <string.h>

#include <tessera-glib/machine.h>

#define ALL_KINDS ((1u << TSR_MONITOR_KINDS) - 1)
#define WITH_ADDRESS (1u << TSR_MONITOR_PORTS | 1u << TSR_MONITOR_MMIO | 1u << TSR_MONITOR_DMA)
#define SYNTAX \
	"give KIND, KIND:FROM-TO (hexadecimal), KIND:GLOB or DEVICE.WHAT; kinds are ports, mmio, " \
	"irq, dma, packets, block, chars, signal"

struct pattern {
	gboolean is_exclusion;
	unsigned kinds; /* bits 1 << enum tsr_monitor_kind */
	/* NULL: any. */
	GPatternSpec *device, *what, *input;
	uint64_t from, to; /* of kinds with an address */
};

struct tsr_patterns {
	GPtrArray *list;
	gboolean only_exclusions;
};

const char *const tsr_monitor_kind_names[TSR_MONITOR_KINDS] = {
	[TSR_MONITOR_PORTS] = "ports",     [TSR_MONITOR_MMIO] = "mmio",
	[TSR_MONITOR_IRQ] = "irq",         [TSR_MONITOR_DMA] = "dma",
	[TSR_MONITOR_PACKETS] = "packets", [TSR_MONITOR_BLOCK] = "block",
	[TSR_MONITOR_CHARS] = "chars",     [TSR_MONITOR_SIGNAL] = "signal",
};

static void pattern_free(gpointer data)
{
	struct pattern *p = data;

	g_clear_pointer(&p->device, g_pattern_spec_free);
	g_clear_pointer(&p->what, g_pattern_spec_free);
	g_clear_pointer(&p->input, g_pattern_spec_free);
	g_free(p);
}

/* -- Reading */

static int find_kind(const char *name)
{
	for (int i = 0; i < TSR_MONITOR_KINDS; i++)
		if (g_str_equal(tsr_monitor_kind_names[i], name))
			return i;
	return -1;
}

/* FROM[-TO], hexadecimal, with or without 0x. */
static gboolean read_range(struct pattern *p, const char *text)
{
	g_auto(GStrv) ends = g_strsplit(text, "-", 2);
	const char *from = ends[0] ? ends[0] : "", *to = ends[0] && ends[1] ? ends[1] : from;

	from += g_str_has_prefix(from, "0x") ? 2 : 0;
	to += g_str_has_prefix(to, "0x") ? 2 : 0;
	return g_ascii_string_to_unsigned(from, 16, 0, G_MAXUINT64, &p->from, NULL) &&
	       g_ascii_string_to_unsigned(to, 16, 0, G_MAXUINT64, &p->to, NULL) && p->from <= p->to;
}

static gboolean read_kind(struct pattern *p, int kind, const char *rest)
{
	p->kinds = 1u << kind;
	if (!rest || g_str_equal(rest, "*"))
		return TRUE;
	if (p->kinds & WITH_ADDRESS)
		return read_range(p, rest);
	p->device = *rest && kind != TSR_MONITOR_IRQ ? g_pattern_spec_new(rest) : NULL;
	p->input = *rest && kind == TSR_MONITOR_IRQ ? g_pattern_spec_new(rest) : NULL;
	return *rest != '\0';
}

/* WHAT is a kind or a resource. */
static gboolean read_device(struct pattern *p, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ".", 2);
	int kind = parts[0] && parts[1] ? find_kind(parts[1]) : -1;

	if (!parts[0] || !*parts[0] || (parts[1] && !*parts[1]))
		return FALSE;
	p->device = g_pattern_spec_new(parts[0]);
	if (kind >= 0)
		p->kinds = 1u << kind;
	else if (parts[1])
		p->what = g_pattern_spec_new(parts[1]);
	return TRUE;
}

static gboolean read_pattern(struct pattern *p, const char *text)
{
	const char *colon = strchr(text, ':');
	g_autofree char *head = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
	int kind = find_kind(head);

	if (kind >= 0)
		return read_kind(p, kind, colon ? colon + 1 : NULL);
	return !colon && read_device(p, text);
}

static gboolean add_pattern(struct tsr_patterns *patterns, const char *text, GError **error)
{
	struct pattern *p = g_new0(struct pattern, 1);

	g_ptr_array_add(patterns->list, p);
	p->is_exclusion = *text == '!';
	p->kinds = ALL_KINDS;
	p->to = G_MAXUINT64;
	patterns->only_exclusions &= p->is_exclusion;
	if (read_pattern(p, text + p->is_exclusion))
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		    "\"%s\" is not a pattern; " SYNTAX, text);
	return FALSE;
}

struct tsr_patterns *tsr_patterns_new(const char *const *texts, GError **error)
{
	struct tsr_patterns *patterns = g_new0(struct tsr_patterns, 1);
	gboolean good = TRUE;

	patterns->list = g_ptr_array_new_with_free_func(pattern_free);
	patterns->only_exclusions = TRUE;
	for (; good && texts && *texts; texts++) {
		good = patterns->list->len < TSR_PATTERNS_MAX;
		if (!good)
			g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
				    "there are more than %u patterns; join some with *",
				    TSR_PATTERNS_MAX);
		good = good && add_pattern(patterns, *texts, error);
	}
	if (!good)
		g_clear_pointer(&patterns, tsr_patterns_free);
	return patterns;
}

void tsr_patterns_free(struct tsr_patterns *patterns)
{
	g_ptr_array_unref(patterns->list);
	g_free(patterns);
}

/* -- Matching */

static gboolean is_like(const GPatternSpec *glob, const char *text)
{
	return !glob || !text || g_pattern_spec_match_string((GPatternSpec *)glob, text);
}

/* "DEVICE:RESOURCE", where a line comes from, or the input that it leads to. */
static gboolean line_matches(const struct pattern *p, const struct tsr_monitor_event *e)
{
	g_autofree char *source = NULL, *input = NULL;

	if (!p->input)
		return TRUE;
	source = g_strdup_printf("%s:%s", e->device, e->what);
	input = g_strndup(e->data ? e->data : "", e->data_length);
	return is_like(p->input, source) || is_like(p->input, input) ||
	       is_like(p->input, e->device);
}

static gboolean overlaps(const struct pattern *p, const struct tsr_monitor_event *e)
{
	uint64_t bytes = e->kind == TSR_MONITOR_DMA ? e->length : e->width;

	return e->address <= p->to && e->address + MAX(bytes, 1) - 1 >= p->from;
}

static gboolean pattern_matches(const struct pattern *p, const struct tsr_monitor_event *e)
{
	if (!(p->kinds & 1u << e->kind) || !is_like(p->device, e->device) ||
	    !is_like(p->what, e->what))
		return FALSE;
	if (1u << e->kind & WITH_ADDRESS)
		return overlaps(p, e);
	return e->kind != TSR_MONITOR_IRQ || line_matches(p, e);
}

gboolean tsr_patterns_match(const struct tsr_patterns *patterns,
			    const struct tsr_monitor_event *event)
{
	gboolean wanted = patterns->only_exclusions;

	for (guint i = 0; i < patterns->list->len; i++) {
		const struct pattern *p = g_ptr_array_index(patterns->list, i);

		if (!pattern_matches(p, event))
			continue;
		if (p->is_exclusion)
			return FALSE;
		wanted = TRUE;
	}
	return wanted;
}

gboolean tsr_patterns_may_match(const struct tsr_patterns *patterns, enum tsr_monitor_kind kind,
				const char *device, const char *what)
{
	gboolean wanted = patterns->only_exclusions;

	for (guint i = 0; i < patterns->list->len; i++) {
		const struct pattern *p = g_ptr_array_index(patterns->list, i);

		if (!(p->kinds & 1u << kind) || !is_like(p->device, device) ||
		    !is_like(p->what, what))
			continue;
		/* An exclusion that is for all of it; one for some addresses is judged by event. */
		if (p->is_exclusion && what && !p->input && !p->from && p->to == G_MAXUINT64)
			return FALSE;
		wanted |= !p->is_exclusion;
	}
	return wanted;
}
