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

#include "jail/kinds.h"

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

#endif
