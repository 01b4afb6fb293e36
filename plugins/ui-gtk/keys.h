/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys that the window presses itself: combinations by their names, and text as a typist would
 * enter it on a US keyboard, at a pace that guests can follow. [main]
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <tessera-glib/machine.h>

#define UI_KEYS_TEXT_MAX 16384u /* characters: five to ten minutes of typing */

struct ui_keys;

struct ui_keys *ui_keys_new(TsrMachine *machine);
void ui_keys_free(struct ui_keys *keys);

/* Presses keys in order and releases them in reverse: "ctrl-alt-delete". FALSE with an error that
 * names the word that is no key, and nothing is pressed. */
gboolean ui_keys_press(struct ui_keys *keys, const char *combination, GError **error);
/* Types text after what is typed already. FALSE with an error if it is too long, or has a character
 * that a US keyboard lacks, and nothing is typed. `progress` is called with what part of it is
 * done, 0 to 1, once more with 1 at its end, and never after ui_keys_cancel(). */
gboolean ui_keys_type(struct ui_keys *keys, const char *text,
		      void (*progress)(gpointer user, double part), gpointer user, GError **error);
/* Types nothing more. */
void ui_keys_cancel(struct ui_keys *keys);

#endif
