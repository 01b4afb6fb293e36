/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread of the virtual CPU, and what is requested of it. */
#ifndef TSR_RUN_VCPU_H
#define TSR_RUN_VCPU_H

#include <tessera-glib/machine.h>
#include <tessera/draft/cpu.h>
#include <tessera/device.h>

/* Resets every instance. [locked] */
void tsr_machine_do_reset(TsrMachine *m, enum tsr_reset kind);
void tsr_vcpu_init(TsrMachine *m);
void tsr_vcpu_finish(TsrMachine *m);
/* Run or park the guest; returns when it is done. [main] */
void tsr_vcpu_set_running(TsrMachine *m, bool running);
void tsr_vcpu_request_reset(TsrMachine *m, enum tsr_reset kind);        /* [any] */
void tsr_vcpu_request_stop(TsrMachine *m, int status, const char *why); /* [any] */
extern const struct tsr_cpu_host tsr_cpu_host_table;

#endif
