/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See vmx.h. A file is lines `KEY = "VALUE"`; keys are in any case, and the last of two holds. In a
 * value |XX is the character with that hexadecimal code. VMware documents the keys in its knowledge
 * base and in "Virtual Machine Configuration Parameters"; disks are those of ideA:B, sataA:B,
 * scsiA:B and nvmeA:B.
 */
#include "model/vmx.h"

#include <string.h>

#include "model/text.h"

#define LINES_MAX 65536
#define SLOT_MAX 30 /* of a controller: SATA's */
#define CONTROLLERS 4
#define NETWORKS 10

static const char *const buses[] = { "ide", "sata", "scsi", "nvme" };

/* -- Lines */

static char *unescape(const char *text, gsize length)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (gsize i = 0; i < length; i++) {
		if (text[i] == '|' && i + 2 < length && g_ascii_isxdigit(text[i + 1]) &&
		    g_ascii_isxdigit(text[i + 2])) {
			g_string_append_c(out, (char)(g_ascii_xdigit_value(text[i + 1]) << 4 |
						      g_ascii_xdigit_value(text[i + 2])));
			i += 2;
		} else {
			g_string_append_c(out, text[i]);
		}
	}
	return g_strdup(out->str); /* up to a |00 */
}

/* A line that is none of a key is nothing. */
static void take_line(GHashTable *values, const char *line)
{
	const char *equals = strchr(line, '='), *quote = equals ? strchr(equals, '"') : NULL,
		   *end = quote ? strrchr(quote, '"') : NULL;
	g_autofree char *key = equals ? g_strndup(line, (gsize)(equals - line)) : NULL;

	if (!end || end == quote)
		return;
	g_hash_table_replace(values, g_ascii_strdown(g_strstrip(key), -1),
			     unescape(quote + 1, (gsize)(end - quote - 1)));
}

static GHashTable *read_lines(const char *text)
{
	GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", LINES_MAX);

	for (char **line = lines; *line; line++)
		if (**line != '#')
			take_line(values, *line);
	return values;
}

/* Windows writes titles and file names as its code page has them, which `.encoding` names, in
 * ASCII. NULL: it is no encoding that the host knows, or the text is not in it. */
static GHashTable *read_encoded(GHashTable *values, const char *text, gsize length)
{
	const char *encoding = g_hash_table_lookup(values, ".encoding");
	g_autofree char *converted = NULL;

	if (!encoding || g_utf8_validate_len(text, length, NULL))
		return NULL;
	converted = g_convert(text, (gssize)length, "UTF-8", encoding, NULL, NULL, NULL);
	return converted ? read_lines(converted) : NULL;
}

static GHashTable *read_file(const char *text, gsize length)
{
	g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);
	g_autoptr(GHashTable) values = read_lines(valid);
	GHashTable *encoded = read_encoded(values, text, length);

	return encoded ? encoded : g_steal_pointer(&values);
}

/* -- Values */

static const char *value_of(GHashTable *values, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* NULL: there is none. */
static const char *value_of(GHashTable *values, const char *format, ...)
{
	g_autofree char *key = NULL;
	va_list arguments;

	va_start(arguments, format);
	key = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return g_hash_table_lookup(values, key);
}

static gboolean is_true(const char *value)
{
	return value && g_ascii_strcasecmp(value, "true") == 0;
}

static gboolean is_disk(GHashTable *values, const char *device)
{
	const char *file = value_of(values, "%s.filename", device),
		   *kind = value_of(values, "%s.devicetype", device);
	g_autofree char *lower = file ? g_ascii_strdown(file, -1) : NULL;

	if (!lower || !*lower || !is_true(value_of(values, "%s.present", device)))
		return FALSE;
	return kind ? g_str_has_suffix(kind, "hardDisk") || g_str_equal(kind, "disk")
		    : g_str_has_suffix(lower, ".vmdk");
}

static void add_disks(GHashTable *values, struct tsr_foreign *foreign)
{
	for (guint i = 0; i < G_N_ELEMENTS(buses) * CONTROLLERS * SLOT_MAX; i++) {
		g_autofree char *device =
			g_strdup_printf("%s%u:%u", buses[i / (CONTROLLERS * SLOT_MAX)],
					i / SLOT_MAX % CONTROLLERS, i % SLOT_MAX);

		if (is_disk(values, device))
			tsr_foreign_add_disk(foreign,
					     g_strdup(value_of(values, "%s.filename", device)), 0);
	}
}

static gboolean has_network(GHashTable *values)
{
	for (guint i = 0; i < NETWORKS; i++)
		if (is_true(value_of(values, "ethernet%u.present", i)))
			return TRUE;
	return FALSE;
}

struct tsr_foreign *tsr_vmx_parse(const char *text, gsize length, const char *name, GError **error)
{
	g_autoptr(GHashTable) values = read_file(text, length);
	const char *memory = value_of(values, "memsize"), *guest = value_of(values, "guestos"),
		   *firmware = value_of(values, "firmware");
	struct tsr_foreign *foreign;

	if (!value_of(values, "config.version") && !value_of(values, "virtualhw.version")) {
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
			    value_of(values, "encryption.data")
				    ? _("“%s” is encrypted. Remove the encryption in VMware's "
					"settings of the machine, and import it again.")
				    : _("“%s” is damaged, or not a machine of VMware."),
			    name);
		return NULL;
	}
	foreign = tsr_foreign_new();
	foreign->title = g_strdup(value_of(values, "displayname"));
	foreign->memory_mib =
		memory ? (guint)MIN(g_ascii_strtoull(memory, NULL, 10), G_MAXUINT) : 0;
	foreign->has_network = has_network(values);
	foreign->is_64_bit = guest && g_str_has_suffix(guest, "-64");
	foreign->has_efi = firmware && g_ascii_strcasecmp(firmware, "efi") == 0;
	add_disks(values, foreign);
	return foreign;
}
