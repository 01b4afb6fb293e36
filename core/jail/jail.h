/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The jail: what a process gives up, for ever, before guest code runs. It knows no machine; it is
 * told what is still needed, and gets at every thread of the process.
 */
#ifndef TSR_JAIL_JAIL_H
#define TSR_JAIL_JAIL_H

#include <glib.h>
#include <stdbool.h>

#include "jail/kinds.h"

/* False: this build can have none, because a sanitizer needs what a jail takes. [any] */
bool tsr_jail_is_possible(void);

/* Closes the jail around all threads of the process; needs: of what runs in it, without those that
 * make it impossible. What the host cannot give is left out. Returns what holds from now on:
 * "full", "partial: WHY" or "off: WHY". A second call changes nothing. [main] */
char *tsr_jail_enter(unsigned needs);

/* Narrows the calling thread to the calls of its kind. Does nothing outside of a jail, or if it was
 * done before. Threads that it starts later are as narrow. [any] */
void tsr_jail_narrow(enum tsr_jail_thread kind);

#endif
