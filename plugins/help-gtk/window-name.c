/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See window-name.h. */
#include "window-name.h"

#include <gio/gio.h>
#include <string.h>

/* An element of a name begins with a letter. */
#define NAME_FORMAT "org.tessera.Window.k%.*s"
#define NAME_DIGITS 32
#define PREFIX "unix:"

char *tsr_window_name(const char *where)
{
	const char *path = g_str_has_prefix(where, PREFIX) ? where + strlen(PREFIX) : where;
	g_autofree char *whole = g_canonicalize_filename(path, NULL),
			*sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, whole, -1);

	return g_strdup_printf(NAME_FORMAT, NAME_DIGITS, sum);
}
