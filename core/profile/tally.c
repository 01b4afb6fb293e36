/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See tally.h. */
#include "profile/tally.h"

#include <string.h>

struct tsr_tally {
	GMutex mutex;
	/* Sets of struct tsr_tally_row, whose first member is the key. */
	GHashTable *rows;
	GHashTable *sums; /* of rows that differ in their blocks only */
};

static guint hash(gconstpointer data)
{
	const guint64 *words = data;
	guint64 sum = 0;

	G_STATIC_ASSERT(sizeof(struct tsr_tally_key) % sizeof(guint64) == 0);
	for (gsize i = 0; i < sizeof(struct tsr_tally_key) / sizeof(guint64); i++)
		sum = (sum ^ words[i]) * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
	return (guint)(sum >> 32);
}

static gboolean equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, sizeof(struct tsr_tally_key)) == 0;
}

struct tsr_tally *tsr_tally_new(void)
{
	struct tsr_tally *t = g_new0(struct tsr_tally, 1);

	g_mutex_init(&t->mutex);
	t->rows = g_hash_table_new_full(hash, equal, g_free, NULL);
	t->sums = g_hash_table_new_full(hash, equal, g_free, NULL);
	return t;
}

void tsr_tally_free(struct tsr_tally *t)
{
	g_hash_table_unref(t->rows);
	g_hash_table_unref(t->sums);
	g_mutex_clear(&t->mutex);
	g_free(t);
}

static void add(GHashTable *rows, const struct tsr_tally_key *key, guint64 ns)
{
	struct tsr_tally_row *row = g_hash_table_lookup(rows, key);

	if (!row) {
		row = g_new0(struct tsr_tally_row, 1);
		row->key = *key;
		g_hash_table_add(rows, row);
	}
	row->ns += ns;
	row->samples++;
}

void tsr_tally_add(struct tsr_tally *t, const struct tsr_sample *s)
{
	struct tsr_tally_key key = { .tier = s->place.tier,
				     .cause = s->place.cause,
				     .doing = s->place.tier ? NULL : s->doing,
				     .function = s->callee ? s->function : NULL,
				     .callee = s->callee,
				     .code = s->code,
				     .block = s->place.block,
				     .ring = s->place.ring,
				     .bits = s->place.bits,
				     .kind = s->place.kind };
	struct tsr_tally_key sum = key;

	sum.block = 0;
	sum.is_elsewhere = 1;
	g_mutex_lock(&t->mutex);
	add(t->sums, &sum, s->ns);
	if (g_hash_table_size(t->rows) >= TSR_TALLY_BLOCKS && !g_hash_table_contains(t->rows, &key))
		key = sum;
	add(t->rows, &key, s->ns);
	g_mutex_unlock(&t->mutex);
}

static int compare(gconstpointer a, gconstpointer b)
{
	const struct tsr_tally_row *x = a, *y = b;

	return x->ns < y->ns ? 1 : x->ns > y->ns ? -1 : memcmp(x, y, sizeof(x->key));
}

static GArray *copy(struct tsr_tally *t, GHashTable *from)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct tsr_tally_row));
	GHashTableIter i;
	gpointer row;

	g_mutex_lock(&t->mutex);
	g_hash_table_iter_init(&i, from);
	while (g_hash_table_iter_next(&i, &row, NULL))
		g_array_append_vals(rows, row, 1);
	g_mutex_unlock(&t->mutex);
	g_array_sort(rows, compare);
	return rows;
}

GArray *tsr_tally_get_rows(struct tsr_tally *t)
{
	return copy(t, t->rows);
}

GArray *tsr_tally_get_sums(struct tsr_tally *t)
{
	return copy(t, t->sums);
}
