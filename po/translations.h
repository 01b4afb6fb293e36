/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the programs of the desktop find their translations. */
#ifndef TSR_TRANSLATIONS_H
#define TSR_TRANSLATIONS_H

/* Binds the text domain `tessera` to the folder of catalogues that belongs to a program: installed,
 * or in the tree that it was built in. program: a path of `tessera`; NULL: this process's own.
 * Called before the first text is asked for. TESSERA_LOCALEDIR, if set, names another folder, for
 * those who try a translation. [main] */
void tsr_translations_bind(const char *program);

#endif
