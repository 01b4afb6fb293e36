/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Titles of machines and the names of their folders. A title is any text that a user types; the
 * folder's name is made of it, and is one that every file system can hold. [any]
 */
#ifndef TSR_LIBRARY_NAME_H
#define TSR_LIBRARY_NAME_H

#include <glib.h>

/* Bytes of a folder's name: some file systems (eCryptfs) allow 143, and the name gets a number and
 * the suffix ".machine". */
#define TSR_LIBRARY_NAME_BYTES 120
#define TSR_LIBRARY_TITLE_CHARACTERS 300

/* Text as it can be a title: valid UTF-8, without control characters and space around it, and not
 * longer than the limit. "" if nothing is left. */
char *tsr_library_clean_title(const char *text);
/* The folder's name for a title; never empty, no "/", not hidden. */
char *tsr_library_name_of_title(const char *title);
/* The same, with a number if the folder `parent` has such a name already. Looks at the file system:
 * not on the main loop. */
char *tsr_library_free_name(const char *parent, const char *title);

#endif
