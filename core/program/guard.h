/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ends a run from outside even when the main loop does not answer: signals are taken on a thread of
 * their own, and a run that was asked to end and does not is ended by force.
 */
#ifndef TSR_PROGRAM_GUARD_H
#define TSR_PROGRAM_GUARD_H

#include <glib.h>

#define GUARD_STOP_SECONDS 5       /* from a signal or the time limit to the machine's stop */
#define GUARD_TEAR_DOWN_SECONDS 60 /* from there to the process' end: disks are flushed */

/* stop(number, user) is called in the default main context for the first SIGINT, SIGTERM or SIGHUP;
 * a second ends the process, as SIGQUIT, SIGABRT and faults do. In each case the terminal gets back
 * the mode that it has now. */
void guard_start(void (*stop)(int number, gpointer user), gpointer user);
void guard_stop(void);

/* The process ends with that status after so many seconds, unless guard_stop comes before. The last
 * call counts. [any] */
void guard_limit(int status, guint seconds);

#endif
