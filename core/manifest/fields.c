/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See fields.h. */
#include "manifest/fields.h"

#include <string.h>

#include <tessera-glib/machine.h>

#include "manifest/local.h"
#include "manifest/property.h"

/* -- values */

gboolean tsr_field_is_word(const char *text)
{
	if (!g_ascii_isalnum(*text))
		return FALSE;
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       strlen(text) &&
	       !strstr(text, "..");
}

gboolean tsr_field_is_interface(const char *text)
{
	const char *slash = strchr(text, '/');
	g_autofree char *name = slash ? g_strndup(text, (gsize)(slash - text)) : NULL;
	TsrVersion version;

	return name && tsr_field_is_word(name) && tsr_version_parse(slash + 1, &version) &&
	       version.parts == 1;
}

static char **parse_list(const char *text)
{
	g_auto(GStrv) items = g_strsplit(text, ";", -1);
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();

	for (char **item = items; *item; item++)
		if (*g_strstrip(*item))
			g_strv_builder_add(list, *item);
	return g_strv_builder_end(list);
}

static gboolean are_interfaces(char **list)
{
	for (char **item = list; *item; item++)
		if (!tsr_field_is_interface(*item))
			return FALSE;
	return *list != NULL;
}

static gboolean parse_uint(const char *text, guint *out)
{
	gint64 value;

	if (!tsr_parse_int(text, &value) || value < 0 || value > G_MAXINT32)
		return FALSE;
	*out = (guint)value;
	return TRUE;
}

gboolean tsr_field_parse_choice(const char *const *words, const char *text, guint *out)
{
	for (guint i = 0; words[i]; i++) {
		if (g_str_equal(words[i], text)) {
			*out = i;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean put_text(char **out, const char *text, gboolean valid)
{
	if (!valid)
		return FALSE;
	*out = g_strdup(text);
	return TRUE;
}

gboolean tsr_field_is_version(const char *text)
{
	TsrVersion version;

	return tsr_version_parse(text, &version) && version.parts == 3;
}

gboolean tsr_field_parse_abi(const char *text, TsrVersion *out)
{
	return tsr_version_parse(text, out) && out->parts <= 2;
}

/* Takes the language. */
static gboolean put_local(GHashTable **out, char *language, const char *text)
{
	if (!*out)
		*out = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return g_hash_table_insert(*out, language, g_strdup(text));
}

static gboolean parse_value(const TsrField *field, const char *key, const char *text, void *out)
{
	guint64 bytes;

	switch (field->type) {
	case TSR_FIELD_TEXT:
		return put_text(out, text, TRUE);
	case TSR_FIELD_WORD:
		return put_text(out, text, tsr_field_is_word(text));
	case TSR_FIELD_INTERFACES:
		*(char ***)out = parse_list(text);
		return are_interfaces(*(char ***)out);
	case TSR_FIELD_VERSION:
		return put_text(out, text, tsr_field_is_version(text));
	case TSR_FIELD_INT_TEXT:
		return put_text(out, text,
				tsr_parse_int(text, (gint64 *)&bytes) ||
					tsr_parse_size(text, 1024, &bytes));
	case TSR_FIELD_LIST:
		*(char ***)out = parse_list(text);
		return TRUE;
	case TSR_FIELD_UINT:
		return parse_uint(text, out);
	case TSR_FIELD_ADDRESS:
		return tsr_parse_size(text, 1024, out);
	case TSR_FIELD_BOOL:
		return tsr_parse_bool(text, out);
	case TSR_FIELD_CHOICE:
		return tsr_field_parse_choice(field->words, text, out);
	case TSR_FIELD_ABI:
		return tsr_field_parse_abi(text, out);
	case TSR_FIELD_LOCAL:
		return put_local(out, tsr_local_language_of(key, field->key), text);
	}
	g_return_val_if_reached(FALSE);
}

static char *describe_value(const TsrField *field)
{
	static const char *const texts[] = {
		[TSR_FIELD_TEXT] = "text",
		[TSR_FIELD_LOCAL] = "text",
		[TSR_FIELD_WORD] = "letters, digits, - _ .",
		[TSR_FIELD_LIST] = "words separated by ;",
		[TSR_FIELD_UINT] = "a number from 0 to 2147483647",
		[TSR_FIELD_ADDRESS] = "a number, decimal or 0x…",
		[TSR_FIELD_INT_TEXT] = "a number",
		[TSR_FIELD_BOOL] = "true or false",
		[TSR_FIELD_VERSION] = "a version as 1.2.3",
		[TSR_FIELD_ABI] = "an ABI version as 1.0 or 1",
		[TSR_FIELD_INTERFACES] =
			"an interface as tessera.block/1, or several separated by ;",
	};

	if (field->type == TSR_FIELD_CHOICE) {
		g_autofree char *words = tsr_list_join(field->words);

		return g_strdup_printf("one of %s", words);
	}
	return g_strdup(texts[field->type]);
}

/* -- groups */

static char *field_names(const TsrField *fields, guint n)
{
	g_autoptr(GString) names = g_string_new(NULL);

	for (guint i = 0; i < n; i++)
		g_string_append_printf(names, "%s%s%s", i ? ", " : "", fields[i].key,
				       fields[i].type == TSR_FIELD_LOCAL ? "[LANGUAGE]" : "");
	return g_strdup(names->str);
}

static gboolean is_field(const TsrField *field, const char *key)
{
	g_autofree char *language = NULL;

	if (field->type != TSR_FIELD_LOCAL)
		return g_str_equal(field->key, key);
	language = tsr_local_language_of(key, field->key);
	return language != NULL;
}

static const TsrField *find_field(const TsrField *fields, guint n, const char *key)
{
	for (guint i = 0; i < n; i++)
		if (is_field(&fields[i], key))
			return &fields[i];
	return NULL;
}

static gboolean parse_field(TsrKeyFile *file, GError **error, const TsrField *field,
			    const TsrKey *key, void *out)
{
	g_autofree char *allowed = NULL;

	if (parse_value(field, key->name, key->value, (char *)out + field->offset))
		return TRUE;
	allowed = describe_value(field);
	return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, key->line, key->name,
				 "\"%s\" is not %s", key->value, allowed);
}

gboolean tsr_fields_parse(TsrKeyFile *file, GError **error, TsrGroup *group, const TsrField *fields,
			  guint n, void *out)
{
	g_autofree char *title = g_strdup_printf("[%s]", group->name);

	for (guint i = 0; i < group->keys->len; i++) {
		const TsrKey *key = g_ptr_array_index(group->keys, i);
		const TsrField *field = find_field(fields, n, key->name);

		if (!field) {
			g_autofree char *names = field_names(fields, n);

			return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, key->line,
						 key->name, "unknown key in %s; it takes %s", title,
						 names);
		}
		if (!parse_field(file, error, field, key, out))
			return FALSE;
	}
	for (guint i = 0; i < n; i++)
		if (fields[i].required && !tsr_group_key(group, fields[i].key))
			return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file,
						 group->line, title, "key %s is missing",
						 fields[i].key);
	return TRUE;
}
