/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts that plugins, or files from strangers, hand to the user; and texts in JSON. */
#ifndef TSR_MANIFEST_TEXT_H
#define TSR_MANIFEST_TEXT_H

#include <glib.h>

/* Makes one line of valid UTF-8 in place: what could move a terminal's cursor, change its colours
 * or start a line that looks like another message becomes '?', white space a space. Returns `text`,
 * which may be NULL. [any] */
char *tsr_text_make_harmless(char *text);

/* Adds a text as a string of JSON (RFC 8259, section 7). [any] */
void tsr_text_add_json(GString *out, const char *text);

#endif
