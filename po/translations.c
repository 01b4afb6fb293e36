/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See translations.h. An installed tree may be moved as a whole, so the folder is found from the
 * program. A build tree has its catalogues where an installation with usual folders has them. */
#include "translations.h"

#include <glib.h>
#include <libintl.h>

#define SELF "/proc/self/exe"

void tsr_translations_bind(const char *program)
{
	const char *named = g_getenv("TESSERA_LOCALEDIR");
	g_autofree char *self = program ? g_strdup(program) : g_file_read_link(SELF, NULL);
	g_autofree char *folder = g_path_get_dirname(self ? self : ".");
	g_autofree char *ours = g_build_filename(folder, TSR_LOCALEDIR_FROM_BINDIR, NULL);
	g_autofree char *catalogues = g_canonicalize_filename(named ? named : ours, NULL);

	bindtextdomain(GETTEXT_PACKAGE, catalogues);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
}
