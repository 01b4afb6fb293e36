/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Symbols of an ELF file for 32-bit x86. */
#ifndef TSR_PROFILE_SYMBOLS_ELF_H
#define TSR_PROFILE_SYMBOLS_ELF_H

#include "profile/symbols.h"

gboolean tsr_symbols_is_elf(const char *bytes, gsize length);
/* at: where the file lies in the guest (symbols.h), NULL: at its own addresses. FALSE: *why says
 * why. Every number in the file may be wrong. */
gboolean tsr_symbols_read_elf(struct tsr_symbols *symbols, const char *bytes, gsize length,
			      const guint32 *at, const char **why);

#endif
