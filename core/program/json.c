/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A GVariant as JSON (RFC 8259): dictionaries with names as keys, arrays, strings, truth values,
 * and numbers, which stand as they are whatever their width. */
#include "manifest/text.h"
#include "program/program.h"

/* Neither a type nor the locale's decimal point, which g_variant_print has not either. */
static void add_number(GString *out, GVariant *value)
{
	g_variant_print_string(value, out, FALSE);
}

static void add_entry(GString *out, GVariant *entry)
{
	g_autoptr(GVariant) name = g_variant_get_child_value(entry, 0);
	g_autoptr(GVariant) value = g_variant_get_child_value(entry, 1);

	tsr_text_add_json(out, g_variant_get_string(name, NULL));
	g_string_append(out, ": ");
	program_add_json(out, value);
}

static void add_children(GString *out, GVariant *value)
{
	gboolean named = g_variant_is_of_type(value, G_VARIANT_TYPE_DICTIONARY);

	g_string_append_c(out, named ? '{' : '[');
	for (gsize i = 0; i < g_variant_n_children(value); i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(value, i);

		g_string_append(out, i ? ", " : "");
		(named ? add_entry : program_add_json)(out, child);
	}
	g_string_append_c(out, named ? '}' : ']');
}

void program_add_json(GString *out, GVariant *value)
{
	switch (g_variant_classify(value)) {
	case G_VARIANT_CLASS_VARIANT: {
		g_autoptr(GVariant) inner = g_variant_get_variant(value);
		program_add_json(out, inner);
		break;
	}
	case G_VARIANT_CLASS_STRING:
		tsr_text_add_json(out, g_variant_get_string(value, NULL));
		break;
	case G_VARIANT_CLASS_ARRAY:
	case G_VARIANT_CLASS_TUPLE:
		add_children(out, value);
		break;
	default:
		add_number(out, value);
	}
}
