/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See symbols-file.h. Source: nm(1), whose letters a System.map has, too. */
#include "profile/symbols-file.h"

#include <string.h>

#include <tessera-glib/machine.h>

#include "profile/symbols-elf.h"

/* -- maps: lines ADDRESS TYPE NAME [MODULE] */

struct line {
	guint32 address;
	gboolean is_code;
	const char *name;
	gsize name_length;
};

/* The line at *text, which is advanced to the next. FALSE: it is not of a map. */
static gboolean read_line(const char **text, struct line *line)
{
	gsize length = strcspn(*text, "\n");
	const char *next = *text + length + ((*text)[length] == '\n');
	char *end;
	guint64 address = g_ascii_strtoull(*text, &end, 16);

	if (end == *text || address > G_MAXUINT32 || *text + length < end + 4 || end[0] != ' ' ||
	    end[2] != ' ')
		return FALSE;
	*line = (struct line){ .address = (guint32)address,
			       .is_code = strchr("TtWw", end[1]) != NULL,
			       .name = end + 3,
			       .name_length = strcspn(end + 3, " \t\r\n") };
	*text = next;
	return TRUE;
}

static gboolean is_named(const struct line *line, const char *name)
{
	return line->name_length == strlen(name) && memcmp(line->name, name, strlen(name)) == 0;
}

/* What the addresses are relative to. FALSE: a line is none, or there is no function. */
static gboolean find_start(const char *text, guint32 *start)
{
	gboolean any = FALSE, found = FALSE;
	struct line line;

	*start = G_MAXUINT32;
	while (*text) {
		if (!read_line(&text, &line))
			return FALSE;
		any |= line.is_code;
		if (is_named(&line, "_text") || (!found && line.is_code && line.address < *start))
			*start = line.address;
		found |= is_named(&line, "_text");
	}
	return any;
}

static gboolean read_map(struct tsr_symbols *symbols, const char *text, const guint32 *at)
{
	struct line line;
	guint32 start;

	if (!find_start(text, &start))
		return FALSE;
	while (*text && read_line(&text, &line))
		tsr_symbols_add(symbols, line.address + (at ? *at - start : 0), 0, line.is_code,
				line.name, line.name_length);
	return TRUE;
}

/* -- files */

/* FILE@ADDRESS; returns FILE, and whether there is an address. */
static char *split(const char *description, guint32 *address, gboolean *has_address)
{
	const char *last = strrchr(description, '@');
	char *end = NULL;
	guint64 value = last ? g_ascii_strtoull(last + 1, &end, 16) : 0;

	*has_address = last && end != last + 1 && !*end && value <= G_MAXUINT32;
	*address = (guint32)value;
	return *has_address ? g_strndup(description, (gsize)(last - description))
			    : g_strdup(description);
}

gboolean tsr_symbols_read(struct tsr_symbols *symbols, const char *description, GError **error)
{
	guint32 address;
	gboolean has_address, good;
	g_autofree char *path = split(description, &address, &has_address), *bytes = NULL;
	const guint32 *at = has_address ? &address : NULL;
	const char *why = "it is neither a System.map nor an ELF file for 32-bit x86";
	gsize length;

	if (!g_file_get_contents(path, &bytes, &length, error))
		return FALSE;
	good = tsr_symbols_is_elf(bytes, length)
		       ? tsr_symbols_read_elf(symbols, bytes, length, at, &why)
		       : read_map(symbols, bytes, at);
	if (!good)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID, "%s: %s", path,
			    why);
	return good;
}
