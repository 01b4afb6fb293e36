/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared libraries that a file is loaded with. */
#ifndef TSR_PRODUCT_LIBRARIES_H
#define TSR_PRODUCT_LIBRARIES_H

#include <glib.h>

/* Adds name -> path of each library that the program or library `file` is loaded with, as the
 * dynamic linker finds them now, to `libraries` (char * both), but for the C library's own, which
 * belong to the host. FALSE with error: one is missing. */
gboolean tsr_libraries_add(GHashTable *libraries, const char *file, GError **error);

#endif
