/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that blocks, off the virtual CPU, and file descriptors to wait for. */
#ifndef TSR_RUN_WORKER_H
#define TSR_RUN_WORKER_H

#include <tessera-glib/machine.h>
#include <tessera/host.h>

#include "instance/instance.h"

struct tsr_worker_pool;

struct tsr_worker_pool *tsr_worker_pool_new(TsrMachine *m);
void tsr_worker_pool_free(struct tsr_worker_pool *pool);
void tsr_worker_pool_run_done(struct tsr_worker_pool *pool); /* [locked] */
bool tsr_worker_pool_has_done(struct tsr_worker_pool *pool);
void tsr_worker_pool_drop(struct tsr_worker_pool *pool, const TsrInstance *owner);
void tsr_worker_pool_drain(struct tsr_worker_pool *pool,
			   TsrInstance *instance); /* NULL: all [locked] */
extern const struct tsr_worker tsr_worker_table;

#endif
