/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of a guest's functions by linear address. */
#ifndef TSR_PROFILE_SYMBOLS_H
#define TSR_PROFILE_SYMBOLS_H

#include <glib.h>

struct tsr_symbols;

struct tsr_symbols *tsr_symbols_new(void);
void tsr_symbols_free(struct tsr_symbols *symbols);
/* length: bytes; 0: up to the next symbol. What is no code only ends the function before it. */
void tsr_symbols_add(struct tsr_symbols *symbols, guint32 address, guint32 length, gboolean is_code,
		     const char *name, gsize name_length);
/* The function at an address; NULL: none is known. */
const char *tsr_symbols_find(struct tsr_symbols *symbols, guint32 address);

#endif
