/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The window that shows the user's guide, for the library and the windows of machines. */
#ifndef TSR_HELP_H
#define TSR_HELP_H

#include <gtk/gtk.h>

/* Shows the guide in a window above another. program: a path of `tessera`; NULL: this process's
 * own. A guide that is not installed is told. Reads the file while it is called: some 10 KiB.
 * [main] */
void tsr_help_show(GtkWindow *over, const char *program);

#endif
