/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See symbols.h. */
#include "profile/symbols.h"

#include <string.h>

struct symbol {
	guint32 address, length; /* 0: up to the next symbol */
	gboolean is_code;
	char *name;
};

struct tsr_symbols {
	GArray *all; /* struct symbol */
	gboolean sorted;
};

static void symbol_clear(gpointer data)
{
	g_free(((struct symbol *)data)->name);
}

struct tsr_symbols *tsr_symbols_new(void)
{
	struct tsr_symbols *s = g_new0(struct tsr_symbols, 1);

	s->all = g_array_new(FALSE, FALSE, sizeof(struct symbol));
	g_array_set_clear_func(s->all, symbol_clear);
	return s;
}

void tsr_symbols_free(struct tsr_symbols *s)
{
	g_array_unref(s->all);
	g_free(s);
}

void tsr_symbols_add(struct tsr_symbols *s, guint32 address, guint32 length, gboolean is_code,
		     const char *name, gsize name_length)
{
	struct symbol symbol = { address, length, is_code, g_strndup(name, name_length) };

	g_array_append_val(s->all, symbol);
	s->sorted = FALSE;
}

/* Of several at an address the functions come last, so that the search ends at one. */
static int compare(gconstpointer a, gconstpointer b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->is_code != y->is_code)
		return x->is_code ? 1 : -1;
	return strcmp(y->name, x->name);
}

const char *tsr_symbols_find(struct tsr_symbols *s, guint32 address)
{
	guint low = 0, high = s->all->len;
	const struct symbol *found;

	if (!s->sorted)
		g_array_sort(s->all, compare);
	s->sorted = TRUE;
	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(s->all, struct symbol, middle).address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	found = &g_array_index(s->all, struct symbol, low - 1);
	if (!found->is_code || (found->length && address - found->address >= found->length))
		return NULL;
	return found->name;
}
