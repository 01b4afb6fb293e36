/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State fields as GVariant: integers as their type, bytes as ay, groups as nested a{sv}. */
#include "state/state-fields.h"

#include <string.h>

#define MAX_DEPTH 16

struct variant_writer {
	struct tsr_state_writer base;
	GVariantBuilder builders[MAX_DEPTH];
	char *names[MAX_DEPTH];
	unsigned depth;
	char *failure; /* of the first tsr_state_fail */
};

struct variant_reader {
	struct tsr_state_reader base;
	GVariant *dictionaries[MAX_DEPTH];
	unsigned depth;
};

static GVariant *uint_variant(uint64_t value, unsigned bytes)
{
	switch (bytes) {
	case 1:
		return g_variant_new_byte((guint8)value);
	case 2:
		return g_variant_new_uint16((guint16)value);
	case 4:
		return g_variant_new_uint32((guint32)value);
	default:
		return g_variant_new_uint64(value);
	}
}

static void put(struct variant_writer *w, const char *name, GVariant *value)
{
	g_variant_builder_add(&w->builders[w->depth], "{sv}", name, value);
}

static void writer_uint(struct tsr_state_writer *base, const char *name, uint64_t value,
			unsigned bytes)
{
	put((struct variant_writer *)base, name, uint_variant(value, bytes));
}

static void writer_bytes(struct tsr_state_writer *base, const char *name, const void *data,
			 size_t length)
{
	struct variant_writer *w = (struct variant_writer *)base;

	if (!w->failure && strcmp(name, TSR_STATE_FAILURE) == 0)
		w->failure = g_strndup(data, length);
	put(w, name, g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data, length, 1));
}

static void writer_begin(struct tsr_state_writer *base, const char *group)
{
	struct variant_writer *w = (struct variant_writer *)base;

	g_assert(w->depth + 1 < MAX_DEPTH);
	w->depth++;
	w->names[w->depth] = g_strdup(group);
	g_variant_builder_init(&w->builders[w->depth], G_VARIANT_TYPE_VARDICT);
}

static void writer_end(struct tsr_state_writer *base)
{
	struct variant_writer *w = (struct variant_writer *)base;

	g_assert(w->depth > 0);
	GVariant *group = g_variant_builder_end(&w->builders[w->depth]);
	g_autofree char *name = g_steal_pointer(&w->names[w->depth]);
	w->depth--;
	put(w, name, group);
}

static const struct tsr_state_writer_ops writer_ops = {
	.size = sizeof(struct tsr_state_writer_ops),
	.uint = writer_uint,
	.bytes = writer_bytes,
	.begin = writer_begin,
	.end = writer_end,
};

struct tsr_state_writer *tsr_variant_writer_new(void)
{
	struct variant_writer *w = g_new0(struct variant_writer, 1);

	w->base.ops = &writer_ops;
	g_variant_builder_init(&w->builders[0], G_VARIANT_TYPE_VARDICT);
	return &w->base;
}

GVariant *tsr_variant_writer_end(struct tsr_state_writer *base, char **failure)
{
	struct variant_writer *w = (struct variant_writer *)base;

	g_assert(w->depth == 0);
	GVariant *all = g_variant_builder_end(&w->builders[0]);
	if (failure && w->failure)
		*failure = g_steal_pointer(&w->failure);
	g_free(w->failure);
	g_free(w);
	return all;
}

static GVariant *lookup(struct variant_reader *r, const char *name, const char *type)
{
	return g_variant_lookup_value(r->dictionaries[r->depth], name, G_VARIANT_TYPE(type));
}

static bool reader_uint(struct tsr_state_reader *base, const char *name, uint64_t *out,
			unsigned bytes)
{
	static const char *const types[] = { [1] = "y", [2] = "q", [4] = "u", [8] = "t" };
	g_autoptr(GVariant) value = lookup((struct variant_reader *)base, name, types[bytes]);

	if (!value)
		return false;
	switch (bytes) {
	case 1:
		*out = g_variant_get_byte(value);
		break;
	case 2:
		*out = g_variant_get_uint16(value);
		break;
	case 4:
		*out = g_variant_get_uint32(value);
		break;
	default:
		*out = g_variant_get_uint64(value);
	}
	return true;
}

static bool reader_bytes(struct tsr_state_reader *base, const char *name, void *data, size_t length)
{
	g_autoptr(GVariant) value = lookup((struct variant_reader *)base, name, "ay");
	gsize have;

	if (!value)
		return false;
	const void *bytes = g_variant_get_fixed_array(value, &have, 1);
	if (have != length)
		return false;
	if (length)
		memcpy(data, bytes, length);
	return true;
}

static int64_t reader_length(struct tsr_state_reader *base, const char *name)
{
	g_autoptr(GVariant) value = lookup((struct variant_reader *)base, name, "ay");

	return value ? (int64_t)g_variant_n_children(value) : -1;
}

static bool reader_begin(struct tsr_state_reader *base, const char *group)
{
	struct variant_reader *r = (struct variant_reader *)base;
	GVariant *value = lookup(r, group, "a{sv}");

	if (!value || r->depth + 1 >= MAX_DEPTH) {
		g_clear_pointer(&value, g_variant_unref);
		return false;
	}
	r->dictionaries[++r->depth] = value;
	return true;
}

static void reader_end(struct tsr_state_reader *base)
{
	struct variant_reader *r = (struct variant_reader *)base;

	g_assert(r->depth > 0);
	g_variant_unref(r->dictionaries[r->depth--]);
}

static const struct tsr_state_reader_ops reader_ops = {
	.size = sizeof(struct tsr_state_reader_ops),
	.uint = reader_uint,
	.bytes = reader_bytes,
	.length = reader_length,
	.begin = reader_begin,
	.end = reader_end,
};

struct tsr_state_reader *tsr_variant_reader_new(GVariant *dictionary, uint32_t version)
{
	struct variant_reader *r = g_new0(struct variant_reader, 1);

	r->base.ops = &reader_ops;
	r->base.version = version;
	r->dictionaries[0] = g_variant_ref(dictionary);
	return &r->base;
}

void tsr_variant_reader_free(struct tsr_state_reader *base)
{
	struct variant_reader *r = (struct variant_reader *)base;

	while (r->depth)
		reader_end(base);
	g_variant_unref(r->dictionaries[0]);
	g_free(r);
}
