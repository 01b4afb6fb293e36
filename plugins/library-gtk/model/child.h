/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program that does part of the work, in a process of its own, while this thread waits for it. */
#ifndef TSR_LIBRARY_CHILD_H
#define TSR_LIBRARY_CHILD_H

#include "model/copy-file.h"

struct tsr_child {
	const char *const *words; /* program and arguments, NULL-terminated */
	const char *folder;       /* in which it works; NULL: in this process's */
	int input;                /* its standard input, which stays open here; -1: none */
	goffset bytes;            /* what its work counts in the progress of the whole */
};

/* Runs it until it has ended. What it writes as “(12.34/100%)” is its progress, as of `qemu-img
 * -p`; `said` becomes the last other line of it, which may be "". Cancelling ends it at once. It
 * ends with this process, too. Returns its exit status, 128 and more for a signal; -1 with error:
 * it could not be started, or was cancelled. Not on the main loop. */
int tsr_child_run(const struct tsr_child *child, struct tsr_progress *progress, char **said,
		  GCancellable *cancellable, GError **error);

#endif
