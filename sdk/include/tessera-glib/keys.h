/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys of a US keyboard, by name and by character, for tsr_machine_send_key(). Codes are those of
 * linux/input-event-codes.h.
 */
#ifndef TESSERA_GLIB_KEYS_H
#define TESSERA_GLIB_KEYS_H

#include <glib.h>
#include <tessera/abi.h>

G_BEGIN_DECLS

/**
 * tsr_key_find_name:
 * @name: a key as `tessera ctl SOCKET key` names it: "a", "f1", "enter", "ctrl"; upper case is the
 *   same
 * @code: (out): the key's code; unchanged if there is none
 *
 * Finds a key by its name. [any]
 *
 * Returns: whether there is one
 */
TSR_EXPORT gboolean tsr_key_find_name(const char *name, guint *code);

/**
 * tsr_key_find_character:
 * @character: ASCII; line feed is Enter
 * @code: (out): the key's code; unchanged if there is none
 * @shift: (out): whether Shift has to be down; unchanged if there is none
 *
 * Finds the key that types a character. [any]
 *
 * Returns: whether there is one
 */
TSR_EXPORT gboolean tsr_key_find_character(char character, guint *code, gboolean *shift);

G_END_DECLS

#endif
