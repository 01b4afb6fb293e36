/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See keyfile.h. One pass over lines; what is not a comment, a [group] or a key=value is an error.
 */
#include <tessera-glib/machine.h>

#include "manifest/keyfile.h"

static void key_free(gpointer data)
{
	TsrKey *key = data;

	g_free(key->name);
	g_free(key->value);
	g_free(key);
}

static void group_free(gpointer data)
{
	TsrGroup *group = data;

	g_free(group->name);
	g_ptr_array_unref(group->keys);
	g_free(group);
}

void tsr_keyfile_free(TsrKeyFile *file)
{
	if (!file)
		return;
	g_free(file->path);
	g_ptr_array_unref(file->groups);
	g_free(file);
}

gboolean tsr_keyfile_error(GError **error, int code, const TsrKeyFile *file, guint line,
			   const char *what, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, TSR_MACHINE_ERROR, code, "%s:%u: %s%s%s", file->path, line,
		    what ? what : "", what ? ": " : "", message);
	return FALSE;
}

TsrGroup *tsr_keyfile_group(TsrKeyFile *file, const char *name)
{
	for (guint i = 0; i < file->groups->len; i++) {
		TsrGroup *group = g_ptr_array_index(file->groups, i);

		if (g_str_equal(group->name, name))
			return group;
	}
	return NULL;
}

TsrKey *tsr_group_key(TsrGroup *group, const char *name)
{
	for (guint i = 0; i < group->keys->len; i++) {
		TsrKey *key = g_ptr_array_index(group->keys, i);

		if (g_str_equal(key->name, name))
			return key;
	}
	return NULL;
}

const char *tsr_group_suffix(const TsrGroup *group, const char *prefix)
{
	gsize length = strlen(prefix);

	if (!g_str_has_prefix(group->name, prefix) || group->name[length] != ' ')
		return NULL;
	return group->name + length + 1;
}

static gboolean parse_group(TsrKeyFile *file, char *text, guint line, GError **error)
{
	TsrGroup *group;
	gsize length = strlen(text);

	if (length < 3 || text[length - 1] != ']' || strpbrk(text + 1, "[]") != text + length - 1)
		return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, line, NULL,
					 "\"%s\" is not a group; a group is a line [NAME]", text);
	text[length - 1] = '\0';
	group = tsr_keyfile_group(file, text + 1);
	if (group)
		return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, line, NULL,
					 "duplicate group [%s], first in line %u", group->name,
					 group->line);
	group = g_new0(TsrGroup, 1);
	group->name = g_strdup(text + 1);
	group->line = line;
	group->keys = g_ptr_array_new_with_free_func(key_free);
	g_ptr_array_add(file->groups, group);
	return TRUE;
}

/* GKeyFile's escapes. NULL: an escape that it does not have. */
static char *unescape(const char *text)
{
	static const char from[] = "sntr\\", to[] = " \n\t\r\\";
	g_autoptr(GString) out = g_string_new(NULL);

	for (; *text; text++) {
		const char *escape;

		if (*text != '\\') {
			g_string_append_c(out, *text);
			continue;
		}
		escape = *++text ? strchr(from, *text) : NULL;
		if (!escape)
			return NULL;
		g_string_append_c(out, to[escape - from]);
	}
	return g_strdup(out->str);
}

static gboolean parse_key(TsrKeyFile *file, char *text, guint line, GError **error)
{
	TsrGroup *group =
		file->groups->len ? g_ptr_array_index(file->groups, file->groups->len - 1) : NULL;
	char *equals = strchr(text, '=');
	TsrKey *key;
	char *value;

	if (!equals || equals == text)
		return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, line, NULL,
					 "\"%s\" is neither [GROUP] nor KEY=VALUE nor a # comment",
					 text);
	*equals = '\0';
	g_strchomp(text);
	if (!group)
		return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, line, text,
					 "a key before the first [GROUP]");
	key = tsr_group_key(group, text);
	if (key)
		return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, file, line, text,
					 "duplicate key, first in line %u", key->line);
	value = unescape(g_strchug(equals + 1));
	if (!value)
		return tsr_keyfile_error(
			error, TSR_MACHINE_ERROR_INVALID, file, line, text,
			"unknown escape in the value; there are \\s \\n \\t \\r \\\\");
	key = g_new0(TsrKey, 1);
	key->name = g_strdup(text);
	key->value = value;
	key->line = line;
	g_ptr_array_add(group->keys, key);
	return TRUE;
}

static gboolean parse_line(TsrKeyFile *file, char *text, guint line, GError **error)
{
	g_strstrip(text);
	if (*text == '\0' || *text == '#')
		return TRUE;
	if (*text == '[')
		return parse_group(file, text, line, error);
	return parse_key(file, text, line, error);
}

static gboolean is_of_others(const char *name)
{
	return g_str_has_prefix(name, TSR_KEYFILE_OTHERS);
}

/* Only when all is read, so that their syntax is checked and lines keep their groups. */
static void drop_what_is_of_others(TsrKeyFile *file)
{
	for (guint g = file->groups->len; g-- > 0;) {
		TsrGroup *group = g_ptr_array_index(file->groups, g);

		if (is_of_others(group->name)) {
			g_ptr_array_remove_index(file->groups, g);
			continue;
		}
		for (guint k = group->keys->len; k-- > 0;) {
			TsrKey *key = g_ptr_array_index(group->keys, k);

			if (is_of_others(key->name))
				g_ptr_array_remove_index(group->keys, k);
		}
	}
}

TsrKeyFile *tsr_keyfile_parse(const char *path, const char *text, gsize length, GError **error)
{
	g_autoptr(TsrKeyFile) file = g_new0(TsrKeyFile, 1);
	g_autofree char *copy = NULL;
	char *next;

	file->path = g_strdup(path);
	file->groups = g_ptr_array_new_with_free_func(group_free);
	if (length > TSR_KEYFILE_MAX || !g_utf8_validate(text, length, NULL)) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s: not a manifest: %s", path,
			    length > TSR_KEYFILE_MAX ? "longer than 256 KiB" : "not text in UTF-8");
		return NULL;
	}
	copy = g_strndup(text, length);
	next = copy;
	for (guint line = 1; next; line++) {
		char *this = next;

		next = strchr(this, '\n');
		if (next)
			*next++ = '\0';
		if (!parse_line(file, this, line, error))
			return NULL;
	}
	drop_what_is_of_others(file);
	return g_steal_pointer(&file);
}

TsrKeyFile *tsr_keyfile_load(const char *path, GError **error)
{
	g_autoptr(GError) failure = NULL;
	g_autofree char *text = NULL;
	gsize length;

	/* Opening a pipe without a writer must not block. */
	if (g_file_test(path, G_FILE_TEST_EXISTS) && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
			    "%s: not a regular file", path);
		return NULL;
	}
	if (!g_file_get_contents(path, &text, &length, &failure)) {
		gboolean absent = g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT);

		g_set_error_literal(error, TSR_MACHINE_ERROR,
				    absent ? TSR_MACHINE_ERROR_NOT_FOUND : TSR_MACHINE_ERROR_IO,
				    failure->message);
		return NULL;
	}
	return tsr_keyfile_parse(path, text, length, error);
}
