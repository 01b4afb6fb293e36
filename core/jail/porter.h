/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The porter: a process outside of the jail that the kernel asks, by seccomp's notifications, when
 * the process inside wants to read a file or to make a copy of itself. It lets in the files that an
 * upgrade needs, and one copy at a time, whose end it sees to. It reads nothing that the process
 * inside has but the path that it names.
 *
 *   porter.c         the process: what it is asked, and its answers
 *   porter-files.c   which files it opens
 *   porter-copies.c  which copies there are, and their end
 */
#ifndef TSR_JAIL_PORTER_H
#define TSR_JAIL_PORTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "jail/jail.h"

/* Starts the porter, before anything is given up. network: it hands out /etc/resolv.conf, too.
 * false and errno: there is none. Once. [main] */
bool tsr_porter_start(const struct tsr_jail_upgrades *upgrades, bool network);
/* Gives it the descriptor of the notifications, which it closes here; -1: there are none, and the
 * porter ends. false and errno: it did not get it. */
bool tsr_porter_employ(int listener);
/* Its process, for prctl(PR_SET_PTRACER). */
pid_t tsr_porter_process(void);
/* Kills the copies of this process. false: there is no porter. */
bool tsr_porter_end_copies(void);

/* -- Inside of the porter */

/* What of it is prepared before it is a process of its own. */
void tsr_porter_files_allow(const struct tsr_jail_upgrades *upgrades, bool network);
/* For open flags. -1 and errno: it is refused, or cannot be opened. */
int tsr_porter_files_open(const char *path, int flags);

/* Makes itself acquainted with the process inside. false: its copies could not be told. */
bool tsr_porter_copies_begin(pid_t inside);
/* Whether a copy may be made now. */
bool tsr_porter_copies_allow(void);
/* For poll(2): when the last one that was allowed is to be ended; -1: never. */
int tsr_porter_copies_wait_ms(void);
/* Kills those whose time is over; all: the others, too. */
void tsr_porter_copies_end(bool all);

#endif
