/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other programs of Tessera that this one starts. */
#ifndef TSR_PROGRAM_HELPER_H
#define TSR_PROGRAM_HELPER_H

/* The path of a program: next to this one in a build tree, else where it is installed. NULL: it is
 * not there. (transfer full) */
char *program_find_helper(const char *name);

#endif
