/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that blocks, off the virtual CPU, and file descriptors to wait for. */
#ifndef TSR_RUN_WORKER_H
#define TSR_RUN_WORKER_H

#include <tessera-glib/machine.h>
#include <tessera/host.h>

#include "instance/instance.h"

struct tsr_worker_pool;

/* NULL and an error: the host has no descriptor or thread left. */
struct tsr_worker_pool *tsr_worker_pool_new(TsrMachine *m, GError **error);
void tsr_worker_pool_free(struct tsr_worker_pool *pool);
void tsr_worker_pool_run_done(struct tsr_worker_pool *pool); /* [locked] */
/* The polling thread narrows itself to what it does, when the jail is closed. [main] */
void tsr_worker_pool_narrow(struct tsr_worker_pool *pool);
bool tsr_worker_pool_has_done(struct tsr_worker_pool *pool);
void tsr_worker_pool_drop(struct tsr_worker_pool *pool, const TsrInstance *owner);
/* An instance that has no jobs is replaced: as drop, and what the pool itself has of it is the new
 * one's. [locked] */
void tsr_worker_pool_replace(struct tsr_worker_pool *pool, const TsrInstance *old,
			     const TsrInstance *new);
/* As tsr_worker.drain. [locked] */
void tsr_worker_pool_drain(struct tsr_worker_pool *pool, const TsrInstance *instance);
/* In a forked process: jobs are done when they are submitted. [locked] */
void tsr_worker_pool_be_alone(struct tsr_worker_pool *pool);
/* Waits until the jobs of all instances are done, without the lock meanwhile, and until `until`
 * (g_get_monotonic_time) at the latest. Returns NULL, or an instance that still has jobs. Not on
 * the virtual CPU's thread, which does not run the guest. [locked] */
TsrInstance *tsr_worker_pool_settle(struct tsr_worker_pool *pool, gint64 until);
/* The machine goes, and leaves jobs behind that do not end. No job is completed any more; whatever
 * they may use stays: the pool, and all that *m refers to. No watch is called any more. */
void tsr_worker_pool_leave(struct tsr_worker_pool *pool, const TsrMachine *m);
/* Whether an instance watches descriptors. [locked] */
bool tsr_worker_pool_watches(const struct tsr_worker_pool *pool, const TsrInstance *instance);
extern const struct tsr_worker tsr_worker_table;

#endif
