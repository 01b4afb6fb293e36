/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of options that have parts, separated by commas: "FILE,KEY=VALUE,…". */
#ifndef TSR_CONFIG_PARTS_H
#define TSR_CONFIG_PARTS_H

#include <glib.h>

/* The parts between commas; two commas are one that belongs to the value. A part that begins with
 * <, > or = goes on with the versions of the part before it: "pcnet >=1.2,<2" is one. (transfer
 * full) */
char **tsr_parts_split(const char *value);
/* The = of "key=value", or NULL if what stands before it is not a key (a path, say). */
const char *tsr_parts_equals(const char *part);

#endif
