/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ends a run from outside even when the main loop does not answer: signals are taken on a thread of
 * their own, and a run that was asked to end and does not is ended by force.
 */
#ifndef TSR_PROGRAM_GUARD_H
#define TSR_PROGRAM_GUARD_H

#include <glib.h>

#define GUARD_STOP_SECONDS \
	4 /* from a signal to the process' end, from the time limit to the stop */
#define GUARD_TEAR_DOWN_SECONDS 60 /* from a stop without a signal to the process' end */

/* stop(number, user) is called in the default main context for the first SIGINT, SIGTERM or SIGHUP;
 * a second ends the process, as SIGQUIT, SIGABRT and faults do. In each case the terminal gets back
 * the mode that it has now. FALSE: there is no thread for it. */
gboolean guard_start(void (*stop)(int number, gpointer user), gpointer user);
void guard_stop(void);

/* The process ends with that status after so many seconds, unless guard_stop comes before. The last
 * call counts, but does not make longer what a signal has left. [any] */
void guard_limit(int status, guint seconds);
/* What is being done from now on, a string that stays: an end by force names it. [any] */
void guard_doing(const char *what);

#endif
