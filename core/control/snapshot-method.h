/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SnapshotFd: the method with more files than one. */
#ifndef TSR_CONTROL_SNAPSHOT_METHOD_H
#define TSR_CONTROL_SNAPSHOT_METHOD_H

#include "control/controlled.h"

void tsr_control_snapshot(TsrControlled *self, GVariant *arguments,
			  GDBusMethodInvocation *invocation);

#endif
