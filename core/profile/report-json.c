/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile as JSON (RFC 8259). */
#include "profile/report.h"

#include "manifest/text.h"
#include "profile/stacks.h"

static const struct {
	enum tsr_frame frame;
	const char *name;
} sections[] = {
	{ TSR_FRAME_TIER, "tiers" },   { TSR_FRAME_MODE, "modes" },
	{ TSR_FRAME_CAUSE, "causes" }, { TSR_FRAME_DEVICE, "devices" },
	{ TSR_FRAME_CODE, "code" },    { TSR_FRAME_FUNCTION, "functions" },
	{ TSR_FRAME_BLOCK, "blocks" },
};

static void add_section(GString *out, const struct tsr_profile_data *data, enum tsr_frame frame,
			const char *name)
{
	g_autoptr(GArray) totals = tsr_frame_totals(data, frame);

	g_string_append_printf(out, ",\n\"%s\": [", name);
	for (guint i = 0; i < totals->len; i++) {
		const struct tsr_total *t = &g_array_index(totals, struct tsr_total, i);

		g_string_append(out, i ? ",\n {\"name\": " : "\n {\"name\": ");
		tsr_text_add_json(out, t->name);
		g_string_append_printf(
			out, ", \"ns\": %" G_GUINT64_FORMAT ", \"samples\": %" G_GUINT64_FORMAT "}",
			t->ns, t->samples);
	}
	g_string_append_c(out, ']');
}

/* `frames`: the names so far, as JSON. */
static void add_stacks(GString *out, const struct tsr_stack_node *node, const char *frames,
		       gboolean *first)
{
	if (node->own_ns) {
		g_string_append_printf(out,
				       "%s\n {\"frames\": [%s], \"ns\": %" G_GUINT64_FORMAT "}",
				       *first ? "" : ",", frames, node->own_ns);
		*first = FALSE;
	}
	for (guint i = 0; i < node->children->len; i++) {
		const struct tsr_stack_node *child = g_ptr_array_index(node->children, i);
		g_autoptr(GString) longer = g_string_new(frames);

		g_string_append(longer, *frames ? ", " : "");
		tsr_text_add_json(longer, child->name);
		add_stacks(out, child, longer->str, first);
	}
}

char *tsr_report_json(const struct tsr_profile_data *data)
{
	struct tsr_stack_node *root = tsr_stacks_new(data);
	GString *out = g_string_new("{\"machine\": ");
	gboolean first = TRUE;

	tsr_text_add_json(out, data->machine);
	g_string_append_printf(
		out,
		",\n\"running\": %s, \"elapsed-ns\": %" G_GUINT64_FORMAT
		", \"cpu-ns\": %" G_GUINT64_FORMAT ", \"samples\": %" G_GUINT64_FORMAT,
		data->is_running ? "true" : "false", data->elapsed_ns, data->ns, data->samples);
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		add_section(out, data, sections[i].frame, sections[i].name);
	g_string_append(out, ",\n\"stacks\": [");
	add_stacks(out, root, "", &first);
	g_string_append(out, "]}\n");
	tsr_stacks_free(root);
	return g_string_free(out, FALSE);
}
