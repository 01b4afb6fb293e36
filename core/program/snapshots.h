/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `tessera snapshot` and `tessera ctl SOCKET snapshot` share. */
#ifndef TSR_PROGRAM_SNAPSHOTS_H
#define TSR_PROGRAM_SNAPSHOTS_H

#include <tessera-glib/machine.h>

/* machine: a manifest or folder. running: NULL if it is off. arguments: from the command's name on.
 * Prints errors, and returns the exit status. */
int program_snapshots(const char *machine, TsrMachine *running, char **arguments);

#endif
