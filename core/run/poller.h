/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread that polls the file descriptors which plugins watch. It takes the machine's lock for
 * each that is ready. */
#ifndef TSR_RUN_POLLER_H
#define TSR_RUN_POLLER_H

#include "instance/instance.h"

struct tsr_poller;

/* NULL and an error: the host has no descriptor or thread left. */
struct tsr_poller *tsr_poller_new(GError **error);
/* No watch is called any more; what they may use stays. Not under the lock. */
void tsr_poller_end(struct tsr_poller *poller);
/* As end, and all of it is freed. NULL: nothing. */
void tsr_poller_free(struct tsr_poller *poller);
/* The thread narrows itself to what it does, when the jail is closed. [main] */
void tsr_poller_narrow(struct tsr_poller *poller);
/* As tsr_worker.watch of a descriptor that is open; returns the watch's number. [locked] */
unsigned tsr_poller_watch(struct tsr_poller *poller, TsrInstance *instance, int fd, short events,
			  void (*ready)(void *self, short revents), void *self);
/* False: the instance has no such watch. [locked] */
bool tsr_poller_unwatch(struct tsr_poller *poller, const TsrInstance *instance, unsigned id);
/* All watches of an instance. [locked] */
void tsr_poller_drop(struct tsr_poller *poller, const TsrInstance *owner);
/* Whether an instance has any. [locked] */
bool tsr_poller_watches(const struct tsr_poller *poller, const TsrInstance *instance);

#endif
