/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command lines of commands that look at a machine without running it: its name, further
 * arguments, and the options of `tessera run` that are the machine's. */
#ifndef TSR_PROGRAM_PRODUCT_OPTIONS_H
#define TSR_PROGRAM_PRODUCT_OPTIONS_H

#include <glib.h>

typedef struct {
	char **words;         /* what is no option: the machine first; as many as asked for */
	char *output;         /* --output FILE; NULL: unsaid */
	GPtrArray *overrides; /* char *, NULL-terminated */
} ProductOptions;

/* words: how many there must be. usage: the arguments after `tessera`. The exit status; else 0. */
int product_options_parse(ProductOptions *o, char **arguments, guint words, const char *usage);
void product_options_finish(ProductOptions *o);

#endif
