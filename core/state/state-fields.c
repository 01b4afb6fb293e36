/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* State fields as GVariant: integers as their type, bytes as ay, groups as nested a{sv}. */
#include "state/state-fields.h"

#include <string.h>

#include "manifest/text.h"

#define MAX_DEPTH 16
#define MAX_BYTES (1u << 30) /* of one field: a GVariant that is much larger cannot be made */

struct variant_writer {
	struct tsr_state_writer base;
	GVariantBuilder builders[MAX_DEPTH];
	char *names[MAX_DEPTH];
	GHashTable *fields[MAX_DEPTH]; /* names that are taken */
	unsigned depth;
	unsigned too_deep; /* groups that were begun beyond MAX_DEPTH */
	struct tsr_mistakes *mistakes;
	char *failure; /* of the first tsr_state_fail */
};

struct variant_reader {
	struct tsr_state_reader base;
	GVariant *dictionaries[MAX_DEPTH];
	unsigned depth;
	struct tsr_mistakes *mistakes;
};

static bool is_width(unsigned bytes)
{
	return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

/* The core's own mistakes have nobody to be told of. */
#define MISTAKE(of, ...) \
	do { \
		if ((of)->mistakes) \
			tsr_mistake((of)->mistakes, __VA_ARGS__); \
		else \
			g_critical(__VA_ARGS__); \
	} while (0)

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

/* Whether a field or group of that name may be written here. */
static bool take_name(struct variant_writer *w, const char *name)
{
	if (!name || !g_utf8_validate(name, -1, NULL)) {
		MISTAKE(w, "its state has a field whose name is not UTF-8");
		return false;
	}
	if (w->too_deep)
		return false;
	if (g_hash_table_add(w->fields[w->depth], g_strdup(name)))
		return true;
	MISTAKE(w, "its state has the field '%s' twice", name);
	return false;
}

static void put(struct variant_writer *w, const char *name, GVariant *value)
{
	g_variant_builder_add(&w->builders[w->depth], "{sv}", name, value);
}

static void writer_uint(struct tsr_state_writer *base, const char *name, uint64_t value,
			unsigned bytes)
{
	struct variant_writer *w = (struct variant_writer *)base;

	if (!take_name(w, name))
		return;
	if (is_width(bytes))
		put(w, name, uint_variant(value, bytes));
	else
		MISTAKE(w, "its state has a number of %u bytes, '%s'", bytes, name);
}

static void writer_bytes(struct tsr_state_writer *base, const char *name, const void *data,
			 size_t length)
{
	struct variant_writer *w = (struct variant_writer *)base;

	if (!take_name(w, name))
		return;
	if (length > MAX_BYTES || (length && !data)) {
		MISTAKE(w, "its state has a field of %zu bytes, '%s'", length, name);
		return;
	}
	if (!w->failure && strcmp(name, TSR_STATE_FAILURE) == 0)
		w->failure = tsr_text_make_harmless(g_strndup(data, length));
	put(w, name, g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data, length, 1));
}

static void open_group(struct variant_writer *w)
{
	g_variant_builder_init(&w->builders[w->depth], G_VARIANT_TYPE_VARDICT);
	w->fields[w->depth] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static GVariant *close_group(struct variant_writer *w)
{
	g_clear_pointer(&w->fields[w->depth], g_hash_table_unref);
	return g_variant_builder_end(&w->builders[w->depth]);
}

static void writer_begin(struct tsr_state_writer *base, const char *group)
{
	struct variant_writer *w = (struct variant_writer *)base;

	if (!take_name(w, group) || w->depth + 1 >= MAX_DEPTH) {
		if (!w->too_deep)
			MISTAKE(w, "its state has a group that cannot be, '%s', at depth %u",
				group ? group : "", w->depth + 1);
		w->too_deep++; /* nothing in it is written */
		return;
	}
	w->depth++;
	w->names[w->depth] = g_strdup(group);
	open_group(w);
}

static void writer_end(struct tsr_state_writer *base)
{
	struct variant_writer *w = (struct variant_writer *)base;
	g_autofree char *name = NULL;

	if (w->too_deep) {
		w->too_deep--;
		return;
	}
	if (!w->depth) {
		MISTAKE(w, "its state ends a group that it did not begin");
		return;
	}
	GVariant *group = close_group(w);
	name = g_steal_pointer(&w->names[w->depth]);
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

struct tsr_state_writer *tsr_variant_writer_new(struct tsr_mistakes *mistakes)
{
	struct variant_writer *w = g_new0(struct variant_writer, 1);

	w->base.ops = &writer_ops;
	w->mistakes = mistakes;
	open_group(w);
	return &w->base;
}

GVariant *tsr_variant_writer_end(struct tsr_state_writer *base, char **failure)
{
	struct variant_writer *w = (struct variant_writer *)base;

	if (w->depth || w->too_deep)
		MISTAKE(w, "its state leaves the group '%s' open",
			w->names[w->depth] ? w->names[w->depth] : "");
	for (w->too_deep = 0; w->depth;)
		writer_end(base);
	GVariant *all = close_group(w);
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
	struct variant_reader *r = (struct variant_reader *)base;
	g_autoptr(GVariant) value = NULL;

	if (!is_width(bytes)) {
		MISTAKE(r, "it reads a number of %u bytes from its state, '%s'", bytes, name);
		return false;
	}
	value = lookup(r, name, types[bytes]);
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

	if (r->depth)
		g_variant_unref(r->dictionaries[r->depth--]);
	else
		MISTAKE(r, "it leaves a group of its state that it did not enter");
}

static const struct tsr_state_reader_ops reader_ops = {
	.size = sizeof(struct tsr_state_reader_ops),
	.uint = reader_uint,
	.bytes = reader_bytes,
	.length = reader_length,
	.begin = reader_begin,
	.end = reader_end,
};

struct tsr_state_reader *tsr_variant_reader_new(GVariant *dictionary, uint32_t version,
						struct tsr_mistakes *mistakes)
{
	struct variant_reader *r = g_new0(struct variant_reader, 1);

	r->base.ops = &reader_ops;
	r->base.version = version;
	r->mistakes = mistakes;
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
