/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile as columns of text, as a table for programs, and as collapsed stacks. */
#include "profile/report.h"

#include "profile/stacks.h"

#define ROWS 40 /* of a section; the other forms have all */

static const struct {
	enum tsr_frame frame;
	const char *title;
	const char *name; /* in the table; NULL: it has no such rows */
} sections[] = {
	{ TSR_FRAME_TIER, "By tier", "tier" },
	{ TSR_FRAME_MODE, "By mode of the processor", "mode" },
	{ TSR_FRAME_CAUSE, "By the reason why other code than the guest's ran", "cause" },
	{ TSR_FRAME_DEVICE, "By device", "device" },
	{ TSR_FRAME_CODE, "By plugin whose code ran", "code" },
	{ TSR_FRAME_FUNCTION, "By function of the guest", NULL },
	{ TSR_FRAME_BLOCK, "By block of the guest's code: linear address", NULL },
};

static double percent(guint64 part, guint64 all)
{
	return all ? 100.0 * (double)part / (double)all : 0;
}

/* For a block, the function that it lies in. */
static const char *explain(const struct tsr_profile_data *data, enum tsr_frame frame,
			   const char *name)
{
	const char *function =
		frame != TSR_FRAME_BLOCK
			? NULL
			: tsr_symbols_find(data->symbols,
					   (guint32)g_ascii_strtoull(name, NULL, 16));

	return function ? function : "";
}

static void add_section(GString *out, const struct tsr_profile_data *data, enum tsr_frame frame,
			const char *title)
{
	g_autoptr(GArray) totals = tsr_frame_totals(data, frame);

	if (!totals->len)
		return;
	g_string_append_printf(out, "\n%s\n        ms       %%\n", title);
	for (guint i = 0; i < totals->len && i < ROWS; i++) {
		const struct tsr_total *t = &g_array_index(totals, struct tsr_total, i);
		const char *more = explain(data, frame, t->name);

		g_string_append_printf(out, "%10.1f  %6.2f  %s%s%s\n", (double)t->ns / 1e6,
				       percent(t->ns, data->ns), t->name, *more ? "  " : "", more);
	}
	if (totals->len > ROWS)
		g_string_append_printf(out, "                    and %u more\n",
				       totals->len - ROWS);
}

char *tsr_report_text(const struct tsr_profile_data *data)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out,
			       "Profile of %s: %.2f s of processor time of the virtual CPU in "
			       "%.2f s, %" G_GUINT64_FORMAT " samples\n",
			       data->machine, (double)data->ns / 1e9,
			       (double)data->elapsed_ns / 1e9, data->samples);
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		add_section(out, data, sections[i].frame, sections[i].title);
	return g_string_free(out, FALSE);
}

/* -- a table for programs */

static void add_rows(GString *out, const struct tsr_profile_data *data, enum tsr_frame frame,
		     const char *section)
{
	g_autoptr(GArray) totals = tsr_frame_totals(data, frame);

	for (guint i = 0; i < totals->len; i++) {
		const struct tsr_total *t = &g_array_index(totals, struct tsr_total, i);

		g_string_append_printf(
			out, "%s\t%s\t%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT "\n", section,
			g_strdelimit(t->name, "\t\n", ' '), t->ns, t->samples);
	}
}

char *tsr_report_table(const struct tsr_profile_data *data)
{
	GString *out = g_string_new(NULL);

	g_string_append_printf(out,
			       "running\t%d\nelapsed-ns\t%" G_GUINT64_FORMAT
			       "\ncpu-ns\t%" G_GUINT64_FORMAT "\nsamples\t%" G_GUINT64_FORMAT "\n",
			       data->is_running, data->elapsed_ns, data->ns, data->samples);
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		if (sections[i].name)
			add_rows(out, data, sections[i].frame, sections[i].name);
	return g_string_free(out, FALSE);
}

/* -- collapsed stacks */

static void add_stacks(GString *out, const struct tsr_stack_node *node, const char *path)
{
	g_autofree char *name = g_strdelimit(g_strdup(node->name), ";\n", ',');
	g_autofree char *stack = path ? g_strconcat(path, ";", name, NULL) : g_strdup(name);

	if (node->own_ns >= 1000)
		g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", stack,
				       node->own_ns / 1000);
	for (guint i = 0; i < node->children->len; i++)
		add_stacks(out, g_ptr_array_index(node->children, i), stack);
}

char *tsr_report_folded(const struct tsr_profile_data *data)
{
	struct tsr_stack_node *root = tsr_stacks_new(data);
	GString *out = g_string_new(NULL);

	add_stacks(out, root, NULL);
	tsr_stacks_free(root);
	return g_string_free(out, FALSE);
}
