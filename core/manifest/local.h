/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of a manifest in other languages: keys such as "name[de]" beside "name". */
#ifndef TSR_MANIFEST_LOCAL_H
#define TSR_MANIFEST_LOCAL_H

#include <glib.h>

/* Whether it is a language as "de", "pt_BR" or "sr@latin". */
gboolean tsr_local_is_language(const char *text);
/* The language in a key "KEY[LANGUAGE]", to be freed; NULL: it is another key, or none of such a
 * language. */
char *tsr_local_language_of(const char *name, const char *key);

#endif
