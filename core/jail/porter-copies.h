/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The copies of the process in the jail, as the porter sees them (porter.h). */
#ifndef TSR_JAIL_PORTER_COPIES_H
#define TSR_JAIL_PORTER_COPIES_H

#include <stdbool.h>
#include <sys/types.h>

/* Makes itself acquainted with the process inside. false: its copies could not be told. */
bool tsr_porter_copies_begin(pid_t inside);
/* Whether a copy may be made now. */
bool tsr_porter_copies_allow(void);
/* For poll(2): when the last one that was allowed is to be ended; -1: never. */
int tsr_porter_copies_wait_ms(void);
/* Kills those whose time is over; all: the others, too. */
void tsr_porter_copies_end(bool all);

#endif
