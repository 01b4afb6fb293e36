/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the parts of a wiring are drawn: made-up graphs, and the preset pc. */
#include <string.h>

#include "folder-rig.h"
#include "model/wiring.h"
#include "unit.h"

static struct tsr_wiring_place place(const struct tsr_wiring *w, guint node)
{
	return ((struct tsr_wiring_node *)g_ptr_array_index(w->nodes, node))->place;
}

static const struct tsr_wiring_edge *edge(const struct tsr_wiring *w, guint index)
{
	return g_ptr_array_index(w->edges, index);
}

/* edges: "ab bc": a uses b, b uses c. Nodes are a, b, … */
static struct tsr_wiring *make(guint nodes, const char *edges)
{
	struct tsr_wiring *w = tsr_wiring_begin();

	for (guint i = 0; i < nodes; i++) {
		const char name[] = { (char)('a' + i), '\0' };

		tsr_wiring_add_node(w, name);
	}
	for (; *edges; edges += edges[2] ? 3 : 2)
		tsr_wiring_add_edge(w, (guint)(edges[0] - 'a'), (guint)(edges[1] - 'a'), "need",
				    FALSE);
	tsr_wiring_layout(w);
	return w;
}

/* Nothing lies on something else, and nothing outside. */
static gboolean is_tidy(const struct tsr_wiring *w)
{
	g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(struct tsr_wiring_place));

	for (guint i = 0; i < w->nodes->len; i++) {
		struct tsr_wiring_place p = place(w, i);

		g_array_append_val(places, p);
	}
	for (guint i = 0; i < w->edges->len; i++)
		g_array_append_vals(places, edge(w, i)->bends->data, edge(w, i)->bends->len);
	for (guint i = 0; i < places->len; i++) {
		const struct tsr_wiring_place *p =
			&g_array_index(places, struct tsr_wiring_place, i);

		if (p->column >= w->columns || p->row < 0 || p->row > w->rows - 1 ||
		    !g_hash_table_add(taken, g_strdup_printf("%u %.1f", p->column, p->row)))
			return FALSE;
	}
	return TRUE;
}

static void users_stand_left_of_what_they_use(void)
{
	static const struct {
		guint nodes;
		const char *edges;
		guint columns, rows;
	} rows[] = {
		{ 1, "", 1, 1 },         { 4, "", 1, 4 },
		{ 2, "ab", 2, 1 },       { 3, "ab bc", 3, 1 },
		{ 3, "ab bc ac", 3, 2 }, /* ac crosses a column beside b */
		{ 4, "ac bc cd", 3, 2 }, { 6, "ab ac ad ae", 2, 4 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct tsr_wiring *w = make(rows[i].nodes, rows[i].edges);

		CU_ASSERT_EQUAL(w->columns, rows[i].columns);
		CU_ASSERT_EQUAL(w->rows, rows[i].rows);
		CU_ASSERT(is_tidy(w));
		for (guint j = 0; j < w->edges->len; j++)
			CU_ASSERT(place(w, edge(w, j)->from).column <
				  place(w, edge(w, j)->to).column);
		tsr_wiring_free(w);
	}
}

static void nothing_is_empty(void)
{
	struct tsr_wiring *w = make(0, "");

	CU_ASSERT_EQUAL(w->columns, 0);
	CU_ASSERT_EQUAL(w->rows, 0);
	tsr_wiring_free(w);
}

static void circles_end(void)
{
	static const char *const rows[] = { "ab ba", "aa", "ab bc ca", "ab bc ca ad da dd" };

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct tsr_wiring *w = make(4, rows[i]);

		CU_ASSERT(is_tidy(w));
		for (guint j = 0; j < w->edges->len; j++)
			CU_ASSERT(edge(w, j)->from == edge(w, j)->to ||
				  place(w, edge(w, j)->from).column !=
					  place(w, edge(w, j)->to).column);
		tsr_wiring_free(w);
	}
}

static void a_long_edge_bends_in_each_column(void)
{
	struct tsr_wiring *w = make(4, "ab bc cd ad");
	const GArray *bends = edge(w, 3)->bends;

	CU_ASSERT_EQUAL_FATAL(bends->len, 2);
	for (guint i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(g_array_index(bends, struct tsr_wiring_place, i).column, i + 1);
	CU_ASSERT_EQUAL(edge(w, 0)->bends->len, 0);
	tsr_wiring_free(w);
}

/* Two pairs that are listed crosswise: a uses d, b uses c. */
static void edges_do_not_cross_without_need(void)
{
	struct tsr_wiring *w = make(4, "ad bc");

	CU_ASSERT((place(w, 0).row < place(w, 1).row) == (place(w, 3).row < place(w, 2).row));
	tsr_wiring_free(w);
}

static void mirrored_users_stand_right_of_what_they_use(void)
{
	struct tsr_wiring *w = make(5, "ab bc cd ad");
	const GArray *bends = edge(w, 3)->bends;

	tsr_wiring_mirror(w);
	CU_ASSERT(is_tidy(w));
	for (guint i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(place(w, i).column, 3 - i);
	CU_ASSERT_EQUAL(place(w, 4).column, 3); /* it is connected to nothing */
	CU_ASSERT_EQUAL_FATAL(bends->len, 2);
	for (guint i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(g_array_index(bends, struct tsr_wiring_place, i).column, 2 - i);
	tsr_wiring_mirror(w);
	CU_ASSERT_EQUAL(place(w, 0).column, 0);
	tsr_wiring_free(w);
}

static void names_of_one_pair_are_one_edge(void)
{
	struct tsr_wiring *w = tsr_wiring_begin();
	g_autofree char *text = NULL, *nothing = NULL;

	tsr_wiring_add_node(w, "ide0");
	tsr_wiring_add_node(w, "pic0");
	tsr_wiring_add_edge(w, 0, 1, "primary", TRUE);
	tsr_wiring_add_edge(w, 0, 1, "secondary", TRUE);
	tsr_wiring_add_edge(w, 0, 1, "need", FALSE);
	tsr_wiring_layout(w);
	CU_ASSERT_EQUAL(w->edges->len, 2);
	text = tsr_wiring_describe(w, 0, NULL);
	nothing = tsr_wiring_describe(w, 1, NULL);
	CU_ASSERT_STRING_EQUAL(text, "primary, secondary → pic0, need → pic0");
	CU_ASSERT_STRING_EQUAL(nothing, "");
	tsr_wiring_free(w);
}

/* The rates of the needs and lines of one edge are added. A second counts when it is complete. */
static void rates_are_those_of_the_edge(void)
{
	static const char *const lines[] = {
		"line\tide0.primary\t2.0\t0",
		"line\tide0.secondary\t11.0\t0",
		"link\tide0.need\t1.5\t2048",
		"link\tother.need\t7.0\t9",
		"lost\t\t3.0\t0",
		"access\tide0\t100.0\t400",
		"a line that is none",
	};
	g_autoptr(TsrRates) rates = g_object_new(TSR_TYPE_RATES, NULL);
	struct tsr_wiring *w = tsr_wiring_begin();
	g_autofree char *before = NULL, *text = NULL, *after = NULL;

	tsr_wiring_add_node(w, "ide0");
	tsr_wiring_add_node(w, "pic0");
	tsr_wiring_add_edge(w, 0, 1, "primary", TRUE);
	tsr_wiring_add_edge(w, 0, 1, "secondary", TRUE);
	tsr_wiring_add_edge(w, 0, 1, "need", FALSE);
	tsr_wiring_layout(w);
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
		tsr_rates_take_line(rates, lines[i]);
	before = tsr_wiring_describe(w, 0, rates);
	CU_ASSERT_STRING_EQUAL(before, "primary, secondary → pic0, need → pic0");
	tsr_rates_take_line(rates, "");
	text = tsr_wiring_describe(w, 0, rates);
	CU_ASSERT_STRING_EQUAL(text, "primary, secondary → pic0 (13/s), "
				     "need → pic0 (1.5/s, 2.0\302\240KiB/s)");
	tsr_rates_take_line(rates, "");
	after = tsr_wiring_describe(w, 0, rates);
	CU_ASSERT_STRING_EQUAL(after, before);
	tsr_wiring_free(w);
}

static char *output(const char *a, const char *b, const char *c)
{
	const char *const words[] = { rig_tessera, a, b, c, NULL };
	char *text = NULL;

	CU_ASSERT_FATAL(g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_DEFAULT, NULL, NULL, &text,
				     NULL, NULL, NULL));
	return text;
}

static gboolean leads(const struct tsr_wiring *w, const char *from, const char *text)
{
	for (guint i = 0; i < w->nodes->len; i++) {
		const struct tsr_wiring_node *node = g_ptr_array_index(w->nodes, i);
		g_autofree char *description = tsr_wiring_describe(w, i, NULL);

		if (g_str_equal(node->part, from))
			return strstr(description, text) != NULL;
	}
	return FALSE;
}

static void the_preset_is_wired(void)
{
	g_autofree char *printed = output("parts", rig_preset, "--gvariant"),
			*list = output("plugins", "list", "--gvariant");
	struct tsr_parts *parts = tsr_parts_parse(printed);
	struct tsr_catalogue *catalogue = tsr_catalogue_parse(list);
	struct tsr_wiring *w;

	CU_ASSERT_FATAL(parts && catalogue);
	w = tsr_wiring_new(parts, catalogue);
	CU_ASSERT(w->nodes->len > 15);
	CU_ASSERT(is_tidy(w));
	CU_ASSERT(leads(w, "cpu0", "mmu → mmu0"));
	CU_ASSERT(leads(w, "net0", "backend → nat0"));
	CU_ASSERT(leads(w, "com1", "irq → pic0")); /* by the alias "isa" */
	CU_ASSERT(leads(w, "rtc0", "→ pic0"));     /* by the plugin's default */
	tsr_wiring_free(w);
	tsr_parts_free(parts);
	tsr_catalogue_free(catalogue);
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(users_stand_left_of_what_they_use),
		UNIT_ROW(nothing_is_empty),
		UNIT_ROW(circles_end),
		UNIT_ROW(a_long_edge_bends_in_each_column),
		UNIT_ROW(edges_do_not_cross_without_need),
		UNIT_ROW(mirrored_users_stand_right_of_what_they_use),
		UNIT_ROW(names_of_one_pair_are_one_edge),
		UNIT_ROW(the_preset_is_wired),
		UNIT_ROW(rates_are_those_of_the_edge),
		CU_TEST_INFO_NULL,
	};
	int status;

	rig_begin(argc, argv);
	status = unit_run("library-wiring", tests);
	rig_end();
	return status;
}
