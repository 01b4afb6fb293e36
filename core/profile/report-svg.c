/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile as a flame graph: a box is as wide as its time, and stands on the box that it is part
 * of. The colour says what kind of frame it is; the pointer shows the whole name. */
#include "profile/report.h"

#include "profile/stacks.h"

/* Pixels. */
#define WIDTH 1200
#define MARGIN 10
#define HEADER 50
#define ROW 18
#define LETTER 6.6 /* of the font, on average */
#define NARROWEST 0.25

struct picture {
	GString *out;
	guint64 ns; /* of the whole width */
};

static const struct {
	const char *name, *colour;
} kinds[] = {
	[TSR_FRAME_MODE] = { "mode", "#b8c4d6" },
	[TSR_FRAME_FUNCTION] = { "function", "#f0c36d" },
	[TSR_FRAME_BLOCK] = { "block", "#f6e0a8" },
	[TSR_FRAME_TIER] = { "tier", "#8fc98a" },
	[TSR_FRAME_CAUSE] = { "cause", "#f19c8b" },
	[TSR_FRAME_DEVICE] = { "device", "#8ab8e6" },
	[TSR_FRAME_CALL] = { "call of a device", "#c3daf2" },
};

static int depth_of(const struct tsr_stack_node *node)
{
	int deepest = 0;

	for (guint i = 0; i < node->children->len; i++)
		deepest = MAX(deepest, depth_of(g_ptr_array_index(node->children, i)));
	return deepest + 1;
}

/* What fits into a box of that width. */
static char *shorten(const char *name, double width)
{
	glong room = (glong)((width - 6) / LETTER), length = g_utf8_strlen(name, -1);
	g_autofree char *start = NULL;

	if (room < 3)
		return g_strdup("");
	if (length <= room)
		return g_markup_escape_text(name, -1);
	start = g_utf8_substring(name, 0, room - 1);
	return g_markup_printf_escaped("%s…", start);
}

/* A number with a point, whatever the locale's is. */
static const char *number(char *buffer, gsize size, double value)
{
	return g_ascii_formatd(buffer, (int)size, "%.2f", value);
}

static void add_box(struct picture *p, const struct tsr_stack_node *node, const char *colour,
		    double x, int y)
{
	double width = (double)node->ns / (double)p->ns * (WIDTH - 2 * MARGIN);
	g_autofree char *name = g_markup_escape_text(node->name, -1);
	g_autofree char *label = shorten(node->name, width);
	char left[32], wide[32], text[32], ms[32], share[32];

	g_string_append_printf(
		p->out,
		"<g><title>%s: %s ms, %s %%</title><rect x=\"%s\" y=\"%d\" "
		"width=\"%s\" height=\"%d\" fill=\"%s\"/>",
		name, number(ms, sizeof(ms), (double)node->ns / 1e6),
		number(share, sizeof(share), 100.0 * (double)node->ns / (double)p->ns),
		number(left, sizeof(left), x), y, number(wide, sizeof(wide), width), ROW - 1,
		colour);
	if (*label)
		g_string_append_printf(p->out, "<text x=\"%s\" y=\"%d\">%s</text>",
				       number(text, sizeof(text), x + 3), y + ROW - 6, label);
	g_string_append(p->out, "</g>\n");
}

static void add_tree(struct picture *p, const struct tsr_stack_node *node, const char *colour,
		     double x, int y)
{
	double scale = (WIDTH - 2 * MARGIN) / (double)p->ns;

	if ((double)node->ns * scale < NARROWEST)
		return;
	add_box(p, node, colour, x, y);
	for (guint i = 0; i < node->children->len; i++) {
		const struct tsr_stack_node *child = g_ptr_array_index(node->children, i);

		add_tree(p, child, kinds[child->frame].colour, x, y - ROW);
		x += (double)child->ns * scale;
	}
}

static void add_legend(GString *out)
{
	int x = MARGIN;

	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_string_append_printf(out,
				       "<rect x=\"%d\" y=\"28\" width=\"12\" height=\"12\" "
				       "fill=\"%s\"/><text x=\"%d\" y=\"38\">%s</text>\n",
				       x, kinds[i].colour, x + 16, kinds[i].name);
		x += 100;
	}
}

char *tsr_report_svg(const struct tsr_profile_data *data)
{
	struct tsr_stack_node *root = tsr_stacks_new(data);
	int height = HEADER + depth_of(root) * ROW + MARGIN;
	struct picture p = { g_string_new(NULL), MAX(data->ns, 1) };
	g_autofree char *name = g_markup_escape_text(data->machine, -1);
	char seconds[32], elapsed[32];

	g_string_append_printf(
		p.out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"11\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
		"<text x=\"%d\" y=\"18\" font-size=\"14\">%s: %s s of processor time of the "
		"virtual CPU in %s s, %" G_GUINT64_FORMAT " samples</text>\n",
		WIDTH, height, WIDTH, height, MARGIN, name,
		number(seconds, sizeof(seconds), (double)data->ns / 1e9),
		number(elapsed, sizeof(elapsed), (double)data->elapsed_ns / 1e9), data->samples);
	add_legend(p.out);
	add_tree(&p, root, "#d8d8d8", MARGIN, height - MARGIN - ROW);
	g_string_append(p.out, "</svg>\n");
	tsr_stacks_free(root);
	return g_string_free(p.out, FALSE);
}
