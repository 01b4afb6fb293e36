/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device's fields as a GVariant, and back. */
#include "kept.h"

#define DEPTH 16u

/* -- From a device */

struct writer {
	struct tsr_state_writer base; /* first */
	GVariantBuilder builders[DEPTH];
	char *names[DEPTH];
	unsigned depth;
};

static void put(struct writer *w, const char *name, GVariant *value)
{
	g_variant_builder_add(&w->builders[w->depth], "{sv}", name, value);
}

static void write_uint(struct tsr_state_writer *base, const char *name, uint64_t value,
		       unsigned bytes)
{
	struct writer *w = (struct writer *)base;

	if (bytes == 1)
		put(w, name, g_variant_new_byte((guint8)value));
	else if (bytes == 2)
		put(w, name, g_variant_new_uint16((guint16)value));
	else if (bytes == 4)
		put(w, name, g_variant_new_uint32((guint32)value));
	else
		put(w, name, g_variant_new_uint64(value));
}

static void write_bytes(struct tsr_state_writer *base, const char *name, const void *data,
			size_t length)
{
	put((struct writer *)base, name,
	    g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, data, length, 1));
}

static void write_begin(struct tsr_state_writer *base, const char *group)
{
	struct writer *w = (struct writer *)base;

	if (++w->depth == DEPTH)
		check_fail("its state has groups that nest deeper than %u", DEPTH);
	w->names[w->depth] = g_strdup(group);
	g_variant_builder_init(&w->builders[w->depth], G_VARIANT_TYPE_VARDICT);
}

static void write_end(struct tsr_state_writer *base)
{
	struct writer *w = (struct writer *)base;
	g_autofree char *name = NULL;
	GVariant *group;

	if (!w->depth)
		check_fail("its state ends a group that it did not begin");
	group = g_variant_builder_end(&w->builders[w->depth]);
	name = w->names[w->depth--];
	put(w, name, group);
}

static const struct tsr_state_writer_ops writer_ops = {
	.size = sizeof(writer_ops),
	.uint = write_uint,
	.bytes = write_bytes,
	.begin = write_begin,
	.end = write_end,
};

GVariant *kept_save_fields(void (*save)(void *self, struct tsr_state_writer *out), void *self)
{
	struct writer w = { .base = { &writer_ops }, .depth = 0 };

	g_variant_builder_init(&w.builders[0], G_VARIANT_TYPE_VARDICT);
	save(self, &w.base);
	if (w.depth)
		check_fail("its state leaves the group '%s' open", w.names[w.depth]);
	return g_variant_builder_end(&w.builders[0]);
}

/* -- To a device */

static void write_field(struct tsr_state_writer *out, const char *name, GVariant *value)
{
	gsize length;
	const void *bytes;

	switch (g_variant_classify(value)) {
	case G_VARIANT_CLASS_BYTE:
		out->ops->uint(out, name, g_variant_get_byte(value), 1);
		break;
	case G_VARIANT_CLASS_UINT16:
		out->ops->uint(out, name, g_variant_get_uint16(value), 2);
		break;
	case G_VARIANT_CLASS_UINT32:
		out->ops->uint(out, name, g_variant_get_uint32(value), 4);
		break;
	case G_VARIANT_CLASS_UINT64:
		out->ops->uint(out, name, g_variant_get_uint64(value), 8);
		break;
	default:
		if (g_variant_is_of_type(value, G_VARIANT_TYPE_VARDICT)) {
			out->ops->begin(out, name);
			kept_write_fields(value, out);
			out->ops->end(out);
		} else if (g_variant_is_of_type(value, G_VARIANT_TYPE_BYTESTRING)) {
			bytes = g_variant_get_fixed_array(value, &length, 1);
			out->ops->bytes(out, name, bytes, length);
		}
	}
}

void kept_write_fields(void *variant, struct tsr_state_writer *out)
{
	GVariantIter iter;
	const char *name;
	GVariant *value;

	g_variant_iter_init(&iter, variant);
	while (g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
		write_field(out, name, value);
		g_variant_unref(value);
	}
}

/* -- As text: long byte fields in base 64, which is a type that no field has */

#define SHORT 16u /* bytes */

static GVariant *pack_bytes(GVariant *value)
{
	gsize length;
	const void *bytes = g_variant_get_fixed_array(value, &length, 1);

	return length <= SHORT ? g_variant_ref(value)
			       : g_variant_ref_sink(
					 g_variant_new_take_string(g_base64_encode(bytes, length)));
}

static GVariant *unpack_bytes(GVariant *value)
{
	gsize length;
	g_autofree guint8 *bytes = g_base64_decode(g_variant_get_string(value, NULL), &length);

	return g_variant_ref_sink(g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, length, 1));
}

/* (transfer full) */
static GVariant *convert(GVariant *value, const char *type, GVariant *(*how)(GVariant *value))
{
	GVariantBuilder all;
	GVariantIter iter;
	const char *name;
	GVariant *inner;

	if (g_variant_is_of_type(value, G_VARIANT_TYPE(type)))
		return how(value);
	if (!g_variant_is_of_type(value, G_VARIANT_TYPE_VARDICT))
		return g_variant_ref(value);
	g_variant_builder_init(&all, G_VARIANT_TYPE_VARDICT);
	g_variant_iter_init(&iter, value);
	while (g_variant_iter_next(&iter, "{&sv}", &name, &inner)) {
		g_autoptr(GVariant) converted = convert(inner, type, how);

		g_variant_builder_add(&all, "{sv}", name, converted);
		g_variant_unref(inner);
	}
	return g_variant_ref_sink(g_variant_builder_end(&all));
}

char *kept_print(GVariant *value)
{
	g_autoptr(GVariant) own = g_variant_ref_sink(value),
			    packed = convert(own, "ay", pack_bytes);

	return g_variant_print(packed, TRUE);
}

GVariant *kept_parse(const char *text, const char *type, GError **error)
{
	g_autoptr(GVariant) packed = g_variant_parse(NULL, text, NULL, NULL, error), value = NULL;

	if (!packed)
		return NULL;
	value = convert(packed, "s", unpack_bytes);
	if (g_variant_is_of_type(value, G_VARIANT_TYPE(type)))
		return g_steal_pointer(&value);
	g_set_error(error, G_VARIANT_PARSE_ERROR, G_VARIANT_PARSE_ERROR_TYPE_ERROR,
		    "it is of another type than %s", type);
	return NULL;
}
