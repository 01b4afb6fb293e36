/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the parts of a wiring are drawn: a layered layout (Sugiyama, Tagawa, Toda: Methods for
 * Visual Understanding of Hierarchical System Structures, IEEE Transactions on SMC 11, 1981).
 *
 *   1. An edge that closes a circle is left out of the next step.
 *   2. A node's column is the length of the longest way from it to a part that uses nothing: users
 *      stand left of what they use. What is connected to nothing is put into the first column.
 *   3. An edge that crosses columns gets a place of its own in each, a bend.
 *   4. The order within a column is that of the mean of the neighbours' rows, from left to right
 *      and back, several times; the order of the parts decides where that is equal.
 */
#include "model/wiring.h"

#include <stdlib.h>

#define SWEEPS 8

/* A node or a bend. */
typedef struct {
	guint column, row;
	double mean;
	GArray *neighbours; /* guint: items of the columns beside it */
} Item;

typedef struct {
	struct tsr_wiring *wiring;
	GPtrArray *items;   /* Item; the nodes come first */
	GPtrArray *columns; /* GArray of guint: items in their order */
	guint *depths;      /* of nodes; G_MAXUINT: not known yet */
	gboolean *is_open;  /* nodes on the way to the one that is looked at */
	gboolean *is_wired; /* nodes that have an edge */
} Layout;

static struct tsr_wiring_edge *edge_at(const Layout *l, guint index)
{
	return g_ptr_array_index(l->wiring->edges, index);
}

static Item *item_at(const Layout *l, guint index)
{
	return g_ptr_array_index(l->items, index);
}

/* -- Columns */

/* The longest way to a part that uses nothing; one that leads back to an open node closes a circle.
 * Machines have some dozens of parts, so this may call itself that often. */
static guint find_depth(Layout *l, guint node)
{
	guint depth = 0;

	if (l->depths[node] != G_MAXUINT)
		return l->depths[node];
	l->is_open[node] = TRUE;
	for (guint i = 0; i < l->wiring->edges->len; i++) {
		const struct tsr_wiring_edge *edge = edge_at(l, i);

		if (edge->from == node && !l->is_open[edge->to])
			depth = MAX(depth, find_depth(l, edge->to) + 1);
	}
	l->is_open[node] = FALSE;
	return l->depths[node] = depth;
}

static guint add_item(Layout *l, guint column)
{
	Item *item = g_new0(Item, 1);

	item->column = column;
	item->neighbours = g_array_new(FALSE, FALSE, sizeof(guint));
	g_ptr_array_add(l->items, item);
	g_array_append_val((GArray *)g_ptr_array_index(l->columns, column),
			   (guint){ l->items->len - 1 });
	return l->items->len - 1;
}

static void make_columns(Layout *l)
{
	guint count = l->wiring->nodes->len, deepest = 0;

	for (guint i = 0; i < l->wiring->edges->len; i++)
		l->is_wired[edge_at(l, i)->from] = l->is_wired[edge_at(l, i)->to] = TRUE;
	for (guint i = 0; i < count; i++)
		deepest = MAX(deepest, find_depth(l, i));
	for (guint i = 0; i <= deepest; i++)
		g_ptr_array_add(l->columns, g_array_new(FALSE, FALSE, sizeof(guint)));
	for (guint i = 0; i < count; i++)
		add_item(l, l->is_wired[i] ? deepest - l->depths[i] : 0);
}

/* -- Bends */

static void join(Layout *l, guint a, guint b)
{
	g_array_append_val(item_at(l, a)->neighbours, b);
	g_array_append_val(item_at(l, b)->neighbours, a);
}

/* The bends of an edge are items one after another, the first of which is returned. */
static guint add_bends(Layout *l, const struct tsr_wiring_edge *edge)
{
	const guint first = l->items->len;
	guint from = item_at(l, edge->from)->column, to = item_at(l, edge->to)->column,
	      last = edge->from;

	while (from != to) {
		from = from < to ? from + 1 : from - 1;
		if (from == to)
			break;
		join(l, last, add_item(l, from));
		last = l->items->len - 1;
	}
	if (edge->from != edge->to)
		join(l, last, edge->to);
	return first;
}

/* -- Order */

static int compare_items(gconstpointer a, gconstpointer b, gpointer data)
{
	const Item *x = item_at(data, *(const guint *)a), *y = item_at(data, *(const guint *)b);

	if (x->mean != y->mean)
		return x->mean < y->mean ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

static void number_rows(Layout *l, guint column)
{
	const GArray *items = g_ptr_array_index(l->columns, column);

	for (guint i = 0; i < items->len; i++)
		item_at(l, g_array_index(items, guint, i))->row = i;
}

/* Relative to the column's middle, because columns are of different length. */
static double height_of(const Layout *l, const Item *item)
{
	const GArray *items = g_ptr_array_index(l->columns, item->column);

	return item->row - (items->len - 1) / 2.0;
}

static void find_mean(const Layout *l, Item *item)
{
	double sum = 0;

	for (guint i = 0; i < item->neighbours->len; i++)
		sum += height_of(l, item_at(l, g_array_index(item->neighbours, guint, i)));
	item->mean = item->neighbours->len ? sum / item->neighbours->len : G_MAXDOUBLE;
}

static void order_column(Layout *l, guint column)
{
	GArray *items = g_ptr_array_index(l->columns, column);

	for (guint i = 0; i < items->len; i++)
		find_mean(l, item_at(l, g_array_index(items, guint, i)));
	g_array_sort_with_data(items, compare_items, l);
	number_rows(l, column);
}

static void order(Layout *l)
{
	const guint count = l->columns->len;

	for (guint i = 0; i < count; i++)
		number_rows(l, i);
	for (guint sweep = 0; sweep < SWEEPS; sweep++)
		for (guint i = 0; i < count; i++)
			order_column(l, sweep % 2 ? i : count - 1 - i);
}

/* -- The result */

static struct tsr_wiring_place place_of(const Layout *l, guint index)
{
	const Item *item = item_at(l, index);
	struct tsr_wiring_place place = { .column = item->column };

	place.row = height_of(l, item) + (l->wiring->rows - 1) / 2.0;
	return place;
}

static void put_places(Layout *l, const guint *first_bends)
{
	for (guint i = 0; i < l->columns->len; i++)
		l->wiring->rows =
			MAX(l->wiring->rows, ((GArray *)g_ptr_array_index(l->columns, i))->len);
	l->wiring->columns = l->columns->len;
	for (guint i = 0; i < l->wiring->nodes->len; i++)
		((struct tsr_wiring_node *)g_ptr_array_index(l->wiring->nodes, i))->place =
			place_of(l, i);
	for (guint i = 0; i < l->wiring->edges->len; i++) {
		for (guint bend = first_bends[i]; bend < first_bends[i + 1]; bend++) {
			struct tsr_wiring_place place = place_of(l, bend);

			g_array_append_val(edge_at(l, i)->bends, place);
		}
	}
}

static void item_free(gpointer data)
{
	g_array_unref(((Item *)data)->neighbours);
	g_free(data);
}

void tsr_wiring_layout(struct tsr_wiring *wiring)
{
	const guint count = wiring->nodes->len, edges = wiring->edges->len;
	g_autofree guint *depths = g_new(guint, count + 1), *first_bends = g_new0(guint, edges + 1);
	g_autofree gboolean *is_open = g_new0(gboolean, count + 1),
			    *is_wired = g_new0(gboolean, count + 1);
	g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(item_free),
			     columns =
				     g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	Layout l = { wiring, items, columns, depths, is_open, is_wired };

	for (guint i = 0; i < count; i++)
		depths[i] = G_MAXUINT;
	if (count == 0)
		return;
	make_columns(&l);
	for (guint i = 0; i < edges; i++)
		first_bends[i] = add_bends(&l, edge_at(&l, i));
	first_bends[edges] = items->len;
	order(&l);
	put_places(&l, first_bends);
}

static void mirror_place(const struct tsr_wiring *wiring, struct tsr_wiring_place *place)
{
	place->column = wiring->columns - 1 - place->column;
}

void tsr_wiring_mirror(struct tsr_wiring *wiring)
{
	for (guint i = 0; i < wiring->nodes->len; i++) {
		struct tsr_wiring_node *node = g_ptr_array_index(wiring->nodes, i);

		mirror_place(wiring, &node->place);
	}
	for (guint i = 0; i < wiring->edges->len; i++) {
		GArray *bends =
			((struct tsr_wiring_edge *)g_ptr_array_index(wiring->edges, i))->bends;

		for (guint j = 0; j < bends->len; j++)
			mirror_place(wiring, &g_array_index(bends, struct tsr_wiring_place, j));
	}
}
