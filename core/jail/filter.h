/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* seccomp(2) filters: which system calls a kind of thread can make. */
#ifndef TSR_JAIL_FILTER_H
#define TSR_JAIL_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

#include "jail/kinds.h"

/* The filter of a kind of thread as a program for the kernel, to be freed with free(); false: it
 * cannot be made. log: a forbidden call raises SIGSYS, instead of ending the process. [any] */
bool tsr_jail_filter(enum tsr_jail_thread kind, unsigned needs, bool log, struct sock_fprog *out);

#endif
