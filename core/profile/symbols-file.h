/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that name a guest's functions: a System.map of Linux, or the output of nm; an ELF file for
 * 32-bit x86 with a symbol table, or else its dynamic one.
 */
#ifndef TSR_PROFILE_SYMBOLS_FILE_H
#define TSR_PROFILE_SYMBOLS_FILE_H

#include "profile/symbols.h"

/* Adds those of FILE or FILE@ADDRESS: the linear address, in hexadecimal, at which the guest has
 * what the file starts with. That is the symbol _text of a map or else its lowest function, the
 * page of the first segment of a program, the section .text of an object file. Without it the
 * file's own addresses are meant. FALSE and error: it cannot be read, or is none of these. */
gboolean tsr_symbols_read(struct tsr_symbols *symbols, const char *description, GError **error);

#endif
