/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See stacks.h. */
#include "profile/stacks.h"

#include <string.h>

static void node_free(gpointer data)
{
	struct tsr_stack_node *node = data;

	g_free(node->name);
	g_ptr_array_unref(node->children);
	g_free(node);
}

static struct tsr_stack_node *node_new(enum tsr_frame frame, const char *name)
{
	struct tsr_stack_node *node = g_new0(struct tsr_stack_node, 1);

	node->frame = frame;
	node->name = g_strdup(name);
	node->children = g_ptr_array_new_with_free_func(node_free);
	return node;
}

static struct tsr_stack_node *get_child(GHashTable *known, struct tsr_stack_node *parent,
					enum tsr_frame frame, const char *name)
{
	g_autofree char *key = g_strdup_printf("%p %d %s", (void *)parent, (int)frame, name);
	struct tsr_stack_node *child = g_hash_table_lookup(known, key);

	if (child)
		return child;
	child = node_new(frame, name);
	g_ptr_array_add(parent->children, child);
	g_hash_table_insert(known, g_steal_pointer(&key), child);
	return child;
}

static void add_row(const struct tsr_profile_data *data, const struct tsr_tally_row *row,
		    GHashTable *known, struct tsr_stack_node *root)
{
	struct tsr_stack_node *node = root;

	node->ns += row->ns;
	for (enum tsr_frame frame = TSR_FRAME_MODE; frame < TSR_FRAME_CODE; frame++) {
		g_autofree char *name = tsr_frame_name(data, row, frame);

		if (!name)
			continue;
		node = get_child(known, node, frame, name);
		node->ns += row->ns;
	}
	node->own_ns += row->ns;
}

static int compare(gconstpointer a, gconstpointer b)
{
	const struct tsr_stack_node *x = *(struct tsr_stack_node *const *)a,
				    *y = *(struct tsr_stack_node *const *)b;

	return x->ns < y->ns ? 1 : x->ns > y->ns ? -1 : strcmp(x->name, y->name);
}

static void sort(struct tsr_stack_node *node)
{
	g_ptr_array_sort(node->children, compare);
	for (guint i = 0; i < node->children->len; i++)
		sort(g_ptr_array_index(node->children, i));
}

struct tsr_stack_node *tsr_stacks_new(const struct tsr_profile_data *data)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct tsr_stack_node *root = node_new(TSR_FRAME_MODE, data->machine);

	for (guint i = 0; i < data->rows->len; i++)
		add_row(data, &g_array_index(data->rows, struct tsr_tally_row, i), known, root);
	sort(root);
	return root;
}

void tsr_stacks_free(struct tsr_stack_node *root)
{
	node_free(root);
}
