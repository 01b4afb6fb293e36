/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See frames.h. */
#include "profile/frames.h"

#include <string.h>

/* The core's word for where it runs the processor (run/vcpu.c). */
#define IN_GUEST "the guest"

static char *mode_name(const struct tsr_tally_key *k)
{
	static const char *const rings[] = { "kernel", "ring 1", "ring 2", "user" };
	const char *odd = "", *name = rings[k->ring & 3];

	if (!k->tier)
		return g_strdup(g_strcmp0(k->doing, IN_GUEST) == 0 ? "guest" : "machine");
	if (k->kind == TSR_PLACE_REAL) {
		name = "real mode";
		odd = k->bits == 32 ? ", 32-bit" : "";
	} else if (k->kind == TSR_PLACE_V86) {
		name = "virtual-8086 mode";
	} else if (k->bits == 16) {
		odd = ", 16-bit";
	}
	return g_strconcat(name, odd, NULL);
}

static char *device_name(const struct tsr_callee *callee)
{
	if (!callee)
		return NULL;
	return callee->name ? g_strdup_printf("%s (%s)", callee->name, callee->plugin)
			    : g_strdup(callee->plugin);
}

char *tsr_frame_name(const struct tsr_profile_data *data, const struct tsr_tally_row *row,
		     enum tsr_frame frame)
{
	const struct tsr_tally_key *k = &row->key;

	switch (frame) {
	case TSR_FRAME_MODE:
		return mode_name(k);
	case TSR_FRAME_FUNCTION:
		return k->tier && !k->is_elsewhere
			       ? g_strdup(tsr_symbols_find(data->symbols, k->block))
			       : NULL;
	case TSR_FRAME_BLOCK:
		return !k->tier          ? NULL
		       : k->is_elsewhere ? g_strdup("others")
					 : g_strdup_printf("%08x", k->block);
	case TSR_FRAME_TIER:
		return g_strdup(k->tier ? k->tier : "core");
	case TSR_FRAME_CAUSE:
		return g_strdup(k->tier ? k->cause : k->doing);
	case TSR_FRAME_DEVICE:
		return device_name(k->callee);
	case TSR_FRAME_CALL:
		return g_strdup(k->function);
	default:
		return g_strdup(k->code ? k->code->plugin : "translated code, core and libraries");
	}
}

static void total_clear(gpointer data)
{
	g_free(((struct tsr_total *)data)->name);
}

static int compare(gconstpointer a, gconstpointer b)
{
	const struct tsr_total *x = a, *y = b;

	return x->ns < y->ns ? 1 : x->ns > y->ns ? -1 : strcmp(x->name, y->name);
}

GArray *tsr_frame_totals(const struct tsr_profile_data *data, enum tsr_frame frame)
{
	GArray *totals = g_array_new(FALSE, FALSE, sizeof(struct tsr_total));
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal); /* index + 1 */

	g_array_set_clear_func(totals, total_clear);
	for (guint i = 0; i < data->rows->len; i++) {
		const struct tsr_tally_row *row =
			&g_array_index(data->rows, struct tsr_tally_row, i);
		char *name = tsr_frame_name(data, row, frame);
		guint index = name ? GPOINTER_TO_UINT(g_hash_table_lookup(known, name)) : 0;
		struct tsr_total *total;

		if (!name)
			continue;
		if (!index) {
			struct tsr_total new = { .name = name };

			g_array_append_val(totals, new);
			index = totals->len;
			g_hash_table_insert(known, name, GUINT_TO_POINTER(index));
		} else {
			g_free(name);
		}
		total = &g_array_index(totals, struct tsr_total, index - 1);
		total->ns += row->ns;
		total->samples += row->samples;
	}
	g_array_sort(totals, compare);
	return totals;
}
