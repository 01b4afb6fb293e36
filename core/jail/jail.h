/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The jail: what a process gives up, for ever, before guest code runs. It knows no machine; it is
 * told what is still needed, and gets at every thread of the process.
 */
#ifndef TSR_JAIL_JAIL_H
#define TSR_JAIL_JAIL_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "jail/kinds.h"

/* False: this build can have none, because a sanitizer needs what a jail takes. [any] */
bool tsr_jail_is_possible(void);

/* Closes the jail around all threads of the process; needs: of what runs in it, without those that
 * make it impossible; upgrades: NULL, it takes in no new code. What the host cannot give is left
 * out. Returns what holds from now on: "full", "partial: WHY" or "off: WHY", and of upgrades "; WHY
 * or WHY NOT" behind it. A second call changes nothing. [main] */
char *tsr_jail_enter(unsigned needs, const struct tsr_jail_upgrades *upgrades);

/* Whether this process is in its jail, and opens no path. [any] */
bool tsr_jail_is_closed(void);
/* Whether code can be taken in, and copies of the process be made: outside of a jail, or because
 * upgrades are possible. [any] */
bool tsr_jail_takes_code(void);
/* In a copy that fork(2) has made. */
void tsr_jail_be_copy(void);
/* Kills a copy of this process, which a jailed process can do by its porter only. false: it cannot
 * be killed. [main] */
bool tsr_jail_end_copy(pid_t copy);

/* Narrows the calling thread to the calls of its kind. Does nothing outside of a jail, or if it was
 * done before. Threads that it starts later are as narrow. [any] */
void tsr_jail_narrow(enum tsr_jail_thread kind);

#endif
