/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of plugin properties and of manifests' numbers, from text. */
#ifndef TSR_MANIFEST_PROPERTY_H
#define TSR_MANIFEST_PROPERTY_H

#include <glib.h>

#include <tessera-glib/registry.h>

/* Decimal or 0x…, with a sign. FALSE: not a number, or too large. */
gboolean tsr_parse_int(const char *text, gint64 *out);
/* Decimal or 0x…, with the suffixes K, M, G (units of `unit`: 1024 for bytes, 1000 for rates). */
gboolean tsr_parse_size(const char *text, guint unit, guint64 *out);
/* true, false, yes, no, on, off, 1, 0 */
gboolean tsr_parse_bool(const char *text, gboolean *out);

/* The value in its plain form (decimal numbers without suffix, "true"/"false"), or NULL and
 * *allowed what the property takes; both to be freed. "" is allowed for STRING, FILE and FILES; for
 * the other types it means the default. */
char *tsr_property_check(const TsrPropertySpec *spec, const char *value, char **allowed);
/* What the property takes, in words: "a number from 1 to 16". */
char *tsr_property_describe(const TsrPropertySpec *spec);

/* Comma-free list "a, b, c" for messages. */
char *tsr_list_join(const char *const *names);

#endif
