/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The jail of a machine. */
#ifndef TSR_MACHINE_JAIL_PATHS_H
#define TSR_MACHINE_JAIL_PATHS_H

#include <tessera-glib/machine.h>

/* Part of tsr_machine_enter_jail(): with what upgrades need, if they were allowed. needs: enum
 * tsr_jail_need. Returns what holds, as tsr_jail_enter(). [main] */
char *tsr_machine_close_jail(TsrMachine *m, unsigned needs);

#endif
