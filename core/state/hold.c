/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hold.h. */
#include "state/hold.h"

#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "run/vcpu.h"
#include "run/worker.h"

#define SETTLE_US (5 * G_USEC_PER_SEC) /* for the host to answer what it was asked */

void tsr_machine_let_go(TsrMachine *self, gboolean was_running)
{
	tsr_machine_unlock(self);
	if (was_running)
		tsr_vcpu_set_running(self, true);
}

gboolean tsr_machine_hold(TsrMachine *self, const char *remedy, gboolean *was_running,
			  GError **error)
{
	TsrInstance *busy;

	*was_running = self->state == TSR_MACHINE_RUNNING;
	if (*was_running)
		tsr_vcpu_set_running(self, false);
	tsr_machine_lock(self);
	busy = tsr_worker_pool_settle(self->workers, g_get_monotonic_time() + SETTLE_US);
	if (!busy)
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
		    "%s: the host has not answered for %d seconds; %s", busy->config->name,
		    (int)(SETTLE_US / G_USEC_PER_SEC), remedy);
	tsr_machine_let_go(self, *was_running);
	return FALSE;
}
